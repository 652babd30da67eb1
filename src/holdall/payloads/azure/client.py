"""A connection to an Azure storage account: the vendor's client, and downloads of our own.

The vendor's client reads a blob in many requests, so that one which is deleted meanwhile is
lost half-way; a single answer goes on.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import (
    BlobClient,
    BlobServiceClient,
    ContainerClient,
)
from yarl import URL

from holdall.core.errors import Closed
from holdall.payloads.azure.account import Account
from holdall.payloads.azure.backoff import Backoff
from holdall.payloads.azure.failures import refused, translated
from holdall.payloads.azure.transport import Transport
from holdall.payloads.clouds.download import Announced, Download
from holdall.payloads.clouds.sessions import session
from holdall.s3.client.failures import broken
from holdall.s3.client.retrying import Failure, Retries, insist

ONCE: Final[Mapping[str, Any]] = {"retry_total": 0}
"""Said with what must not be sent again: the second answer would speak of the first request."""

_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})


class AzureClient:
    """Connects lazily. `aclose` twice is harmless; afterwards everything raises `Closed`.

    A `connector` that is handed in makes all connections, and is not closed.
    """

    def __init__(
        self,
        account: Account,
        *,
        retries: Retries | None = None,
        connector: aiohttp.BaseConnector | None = None,
    ) -> None:
        self.account = account
        self._connector = connector
        self._retries = retries or Retries()
        self._service: BlobServiceClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def service(self) -> BlobServiceClient:
        self._demand_open()
        if self._service is None:
            self._service = BlobServiceClient(
                self.account.url,
                credential=self.account.credential,  # type: ignore[arg-type]
                transport=Transport(self._sessions(), self.account.ask),
                retry_policy=Backoff(self._retries),
            )
        return self._service

    def container(self, name: str) -> ContainerClient:
        return self.service.get_container_client(name)

    def blob(self, container: str, key: str) -> BlobClient:
        return self.service.get_blob_client(container, key)

    async def properties(self, container: str, key: str) -> BlobProperties:
        with translated(container, key):
            found: BlobProperties = await self.blob(container, key).get_blob_properties()
            return found

    async def get(
        self, container: str, key: str, *, start: int = 0, end: int | None = None
    ) -> Download:
        """Open a range that is not empty. `InvalidArgument` with `status` 416 beyond the end."""
        response = await self._open(container, key, None, start, end)
        again = partial(self._open, container, key, response.headers["etag"])
        return Download(
            response,
            again,
            retries=self._retries,
            announced=_announced(response.headers),
            facts={"bucket": container, "key": key},
        )

    async def _open(
        self, container: str, key: str, etag: str | None, start: int, end: int | None
    ) -> aiohttp.ClientResponse:
        headers = {} if etag is None else {"if-match": etag}
        if (start, end) != (0, None):
            headers["range"] = f"bytes={start}-" + ("" if end is None else f"{end - 1}")
        attempt = partial(self._attempt, container, key, headers)
        return await insist(self._retries, attempt, replayable=True, changes=False)

    async def _attempt(
        self, container: str, key: str, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        facts = {"bucket": container, "key": key}
        said = {"x-ms-version": self.service.api_version, **headers}
        said |= await self.account.headers()
        url = await self.account.readable(self.blob(container, key).url, container, key)
        try:
            response = await self._sessions().get(URL(url, encoded=True), headers=said)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise broken(error, facts, changes=False) from error
        if response.status in (200, 206):
            return response
        response.close()
        code = response.headers.get("x-ms-error-code", "")
        refusal = refused(response.status, code, response.reason, facts, changes=False)
        raise Failure(refusal, transient=response.status in _TRANSIENT)

    def _sessions(self) -> aiohttp.ClientSession:
        self._demand_open()
        if self._session is None:
            self._session = session("identity", self._connector)
        return self._session

    def _demand_open(self) -> None:
        if self._closed:
            raise Closed("the client is closed")

    async def aclose(self) -> None:
        self._closed = True
        service, self._service = self._service, None
        held, self._session = self._session, None
        if service is not None:
            await service.close()
        if held is not None:
            await held.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _announced(headers: Mapping[str, str]) -> Announced | None:
    """Azure knows the MD5 of a blob that was sent whole. With a range it says it elsewhere."""
    value = headers.get("x-ms-blob-content-md5") or headers.get("content-md5")
    return None if value is None else Announced("md5", b64decode(value))
