"""A client of Cloud Storage's JSON API, on aiohttp.

The vendor's own client blocks, and its asynchronous one brings gRPC; the API is a dozen
requests. A resource is the API's JSON as it is ("Objects", "Buckets"); a condition is one of its
parameters, such as `ifGenerationMatch`.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp
from google.auth.credentials import Credentials
from google.auth.downscoped import CredentialAccessBoundary

from holdall.core.checksums import crc32c
from holdall.core.errors import (
    BlobNotFound,
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    Conflict,
    HoldallError,
    PermissionDenied,
    PreconditionFailed,
)
from holdall.payloads.clouds.download import Announced, Download
from holdall.payloads.gcs.access import Access, Token
from holdall.payloads.gcs.resumable import ResumableUpload
from holdall.payloads.gcs.transport import JSON, NONE, Call, Transport
from holdall.s3.client.retrying import Retries

ENDPOINT: Final = "https://storage.googleapis.com"

ONLY_NEW: Final[Mapping[str, object]] = {"ifGenerationMatch": 0}
"""There is no generation 0: the condition that there is no object."""

Resource = dict[str, Any]


class GcsClient:
    """`credentials` are google-auth's, made for `holdall.payloads.gcs.access.SCOPE`; without
    them nobody asks. An `access` says it in their place. `project` is the one whose buckets are
    made and listed. A `connector` that is handed in makes all connections, and is not closed.

    Connects lazily. `aclose` twice is harmless; afterwards everything raises `Closed`.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        project: str | None = None,
        *,
        endpoint: str = ENDPOINT,
        retries: Retries | None = None,
        access: Access | None = None,
        connector: aiohttp.BaseConnector | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.project = project
        access = access or Access(credentials)
        self._transport = Transport(access, retries or Retries(), connector)

    @property
    def credentials(self) -> Credentials | None:
        return self._transport.access.credentials

    async def confined(self, boundary: CredentialAccessBoundary) -> Token:
        """An access token that reaches no further than `boundary`."""
        return await self._transport.access.confined(boundary)

    # buckets

    async def create_bucket(self, resource: Resource) -> Resource:
        """`BucketExists` when anybody has one of this name."""
        name, query = resource["name"], {"project": self.project or ""}
        call = self._call("POST", "/storage/v1/b", query, resource, name, once=True)
        try:
            return await self._transport.json(call)
        except Conflict as error:
            raise BucketExists(str(error), **error.facts) from error

    async def bucket(self, bucket: str) -> Resource:
        return await self._transport.json(self._call("GET", _bucket(bucket), bucket=bucket))

    async def patch_bucket(self, bucket: str, changes: Resource) -> Resource:
        call = self._call("PATCH", _bucket(bucket), body=changes, bucket=bucket)
        return await self._transport.json(call)

    async def delete_bucket(self, bucket: str) -> None:
        """`BucketNotEmpty` when it holds any generation of an object."""
        try:
            await self._transport.json(
                self._call("DELETE", _bucket(bucket), bucket=bucket, once=True)
            )
        except (Conflict, PreconditionFailed) as error:  # the latter from fake-gcs-server
            raise BucketNotEmpty(str(error), **error.facts) from error

    async def buckets(self) -> AsyncGenerator[Resource, None]:
        query = {"project": self.project or ""}
        async for page in self._pages("/storage/v1/b", query, None):
            for each in page.get("items", ()):
                yield each

    async def policy(self, bucket: str) -> Resource:
        """Who may do what ("Buckets: getIamPolicy")."""
        query = {"optionsRequestedPolicyVersion": 3}
        call = self._call("GET", _bucket(bucket) + "/iam", query, bucket=bucket)
        return await self._transport.json(call)

    async def set_policy(self, bucket: str, policy: Resource) -> Resource:
        """Replace it; `Conflict` or `PreconditionFailed` if its `etag` is not the present one."""
        call = self._call("PUT", _bucket(bucket) + "/iam", body=policy, bucket=bucket)
        return await self._transport.json(call)

    # objects

    async def pages(
        self, bucket: str, query: Mapping[str, object]
    ) -> AsyncGenerator[Resource, None]:
        """The answers of a listing ("Objects: list"), one after the other."""
        async for page in self._pages(_bucket(bucket) + "/o", query, bucket):
            yield page

    async def _pages(
        self, path: str, query: Mapping[str, object], bucket: str | None
    ) -> AsyncGenerator[Resource, None]:
        token: Mapping[str, object] = {}
        while True:
            page = await self._transport.json(
                self._call("GET", path, {**query, **token}, bucket=bucket)
            )
            yield page
            if not page.get("nextPageToken"):
                return
            token = {"pageToken": page["nextPageToken"]}

    async def found(self, bucket: str, key: str, **query: object) -> Resource:
        return await self._on(self._call("GET", _object(bucket, key), query, None, bucket, key))

    async def patch(
        self, bucket: str, key: str, changes: Resource, conditions: Mapping[str, object]
    ) -> Resource:
        call = self._call(
            "PATCH", _object(bucket, key), conditions, changes, bucket, key, once=True
        )
        return await self._on(call)

    async def delete(self, bucket: str, key: str, conditions: Mapping[str, object] = NONE) -> None:
        call = self._call("DELETE", _object(bucket, key), conditions, None, bucket, key, once=True)
        await self._on(call)

    async def insert(
        self,
        bucket: str,
        resource: Resource,
        data: bytes,
        conditions: Mapping[str, object] = NONE,
    ) -> Resource:
        """Store few bytes in one request; Google compares them with their CRC32C."""
        sum = b64encode(crc32c(data).to_bytes(4, "big")).decode()
        boundary = secrets.token_hex(16)
        call = Call(
            "POST",
            f"{self.endpoint}/upload/storage/v1/b/{bucket}/o",
            {"uploadType": "multipart", **conditions},
            _related(boundary, {**resource, "crc32c": sum}, data),
            {"content-type": f"multipart/related; boundary={boundary}"},
            {"bucket": bucket, "key": resource["name"]},
            once=bool(conditions),
        )
        return await self._on(call)

    async def upload(
        self, bucket: str, resource: Resource, conditions: Mapping[str, object] = NONE
    ) -> ResumableUpload:
        """Begin to store many bytes; what is not finished Google forgets after a week."""
        call = Call(
            "POST",
            f"{self.endpoint}/upload/storage/v1/b/{bucket}/o",
            # fake-gcs-server reads the name here only.
            {"uploadType": "resumable", "name": resource["name"], **conditions},
            json.dumps(resource).encode(),
            {"content-type": JSON, "x-upload-content-type": resource["contentType"]},
            {"bucket": bucket, "key": resource["name"]},
        )
        try:
            response, _ = await self._transport.whole(call)
        except BlobNotFound as error:
            raise await self._missing(error) from error
        return ResumableUpload(self._transport, response.headers["location"], call)

    async def rewrite(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        resource: Resource,
        conditions: Mapping[str, object] = NONE,
    ) -> Resource:
        """Copy inside Google ("Objects: rewrite"), in as many steps as it takes."""
        path = f"{_object(*source)}/rewriteTo{_object(*target).removeprefix('/storage/v1')}"
        token: Mapping[str, object] = {}
        while True:
            call = self._call(
                "POST", path, {**conditions, **token}, resource, source[0], source[1], once=True
            )
            found = await self._on(call)
            if found.get("done"):
                return dict(found["resource"])
            token = {"rewriteToken": found["rewriteToken"]}

    async def get(
        self, bucket: str, resource: Resource, *, start: int = 0, end: int | None = None
    ) -> Download:
        """Open a range, not empty, of the generation that `resource` is.

        `InvalidArgument` with `status` 416 beyond its end, `BlobNotFound` when it is gone.
        """
        reopen = partial(self._open, bucket, resource["name"], resource["generation"])
        response = await reopen(start, end)
        return Download(
            response,
            reopen,
            retries=self._transport.retries,
            announced=_announced(resource),
            facts={"bucket": bucket, "key": resource["name"]},
        )

    async def _open(
        self, bucket: str, key: str, generation: str, start: int, end: int | None
    ) -> aiohttp.ClientResponse:
        whole = (start, end) == (0, None)
        range = (
            {} if whole else {"range": f"bytes={start}-" + ("" if end is None else f"{end - 1}")}
        )
        call = Call(
            "GET",
            self.endpoint + _object(bucket, key),
            {"alt": "media", "generation": generation},
            headers=range,
            facts={"bucket": bucket, "key": key},
        )
        return await self._transport.open(call)

    # requests

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] = NONE,
        body: Resource | None = None,
        bucket: str | None = None,
        key: str | None = None,
        *,
        once: bool = False,
    ) -> Call:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"content-type": JSON}
        facts = {"bucket": bucket, "key": key}
        return Call(method, self.endpoint + path, query, data, headers, facts, once)

    async def _on(self, call: Call) -> Resource:
        try:
            return await self._transport.json(call)
        except BlobNotFound as error:
            raise await self._missing(error) from error

    async def _missing(self, error: BlobNotFound) -> HoldallError:
        """Whether it is the bucket that is missing: Google says it in prose only."""
        try:
            await self.bucket(error.bucket)
        except BucketNotFound as missing:
            return missing
        except PermissionDenied:
            return error
        return error

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _bucket(bucket: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}"


def _object(bucket: str, key: str) -> str:
    return f"{_bucket(bucket)}/o/{quote(key, safe='')}"


def _related(boundary: str, resource: Resource, data: bytes) -> bytes:
    """A resource and its bytes in one body (RFC 2387). 32 random digits are in no content."""
    type = resource["contentType"]
    return b"".join(
        (
            f"--{boundary}\r\ncontent-type: {JSON}\r\n\r\n".encode(),
            json.dumps(resource).encode(),
            f"\r\n--{boundary}\r\ncontent-type: {type}\r\n\r\n".encode(),
            data,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )


def _announced(resource: Resource) -> Announced | None:
    value = resource.get("crc32c")
    return None if value is None else Announced("crc32c", b64decode(value))


def moment(text: str) -> datetime:
    """A time of the API (RFC 3339), to the microsecond."""
    return datetime.fromisoformat(text)
