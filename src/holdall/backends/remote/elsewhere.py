"""Buckets that a server knows of and that are kept elsewhere: their provider is asked directly,
with the temporary credentials that the server hands out for each."""

from __future__ import annotations

import asyncio
from functools import partial

from holdall.backends.remote import granting
from holdall.backends.remote.backend import RemoteBackend
from holdall.backends.remote.granting import Grant
from holdall.backends.remote.renewing import RenewingClient
from holdall.backends.s3 import S3Backend
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
        self._found: dict[str, BucketElsewhere] = {}
        self._lock = asyncio.Lock()

    async def backend_of(self, record: BucketRecord) -> BucketElsewhere:
        """`NotSupported` where the provider makes no credentials for one bucket."""
        async with self._lock:
            if record.id not in self._found:
                ask = partial(self._ask, record)
                grant = await ask()
                client = RenewingClient(grant, ask)
                self._found[record.id] = BucketElsewhere(client, grant.bucket)
            return self._found[record.id]

    async def _ask(self, record: BucketRecord) -> Grant:
        return Grant.of(await granting.granted(self._home.control, record))

    async def aclose(self) -> None:
        found, self._found = self._found, {}
        for backend in found.values():
            await backend.aclose()
