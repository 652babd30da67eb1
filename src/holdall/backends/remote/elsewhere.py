"""Buckets that a server knows of and that are kept elsewhere: their provider is asked directly,
with the temporary credentials that the server hands out for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from holdall.backends.protocol import Backend
from holdall.backends.remote import granting
from holdall.backends.remote.backend import RemoteBackend
from holdall.backends.remote.granting import AzureGrant, GoogleGrant, S3Grant
from holdall.backends.remote.renewing import Renewal, RenewingClient, T
from holdall.backends.s3 import S3Backend
from holdall.core.errors import NotSupported
from holdall.core.values import BucketRecord
from holdall.s3.client import S3Client


class BucketElsewhere(S3Backend):
    """One bucket at a provider. However it is called here, that is the one which is meant."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        super().__init__(client)
        self._bucket = bucket

    def _name(self, bucket: str) -> str:
        return self._bucket


class Elsewhere:
    """Finds the way to each bucket once."""

    def __init__(self, home: RemoteBackend) -> None:
        self._home = home
        self._found: dict[str, Backend] = {}
        self._lock = asyncio.Lock()

    async def backend_of(self, record: BucketRecord) -> Backend:
        """`NotSupported` where the provider makes no credentials for one bucket, and where the
        extra is not installed that reaches it."""
        async with self._lock:
            if record.id not in self._found:
                self._found[record.id] = await self._way(record)
            return self._found[record.id]

    async def _way(self, record: BucketRecord) -> Backend:
        # Drivers are imported late: each has requirements of its own.
        if record.provider == "azure":
            with _needing("holdall[azure]"):
                from holdall.backends.remote.elsewhere_azure import AzureElsewhere
            return AzureElsewhere.granted(record, await self._renewal(record, AzureGrant.of))
        if record.provider == "gcp":
            with _needing("holdall[gcs]"):
                from holdall.backends.remote.elsewhere_google import GoogleElsewhere
            return GoogleElsewhere.granted(await self._renewal(record, GoogleGrant.of))
        renewal = await self._renewal(record, S3Grant.of)
        return BucketElsewhere(RenewingClient(renewal), renewal.grant.bucket)

    async def _renewal(
        self, record: BucketRecord, of: Callable[[Mapping[str, str]], T]
    ) -> Renewal[T]:
        async def ask() -> T:
            return of(await granting.granted(self._home.control, record))

        return Renewal(await ask(), ask)

    async def aclose(self) -> None:
        found, self._found = self._found, {}
        for backend in found.values():
            await backend.aclose()


@contextmanager
def _needing(what: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise NotSupported(f"this needs {what}: {error}") from error
