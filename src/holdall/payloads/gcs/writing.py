"""A payload on its way in: one request for a small one, a resumable upload for a large one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from holdall.core.errors import BlobNotFound, Closed, HoldallError
from holdall.core.values import DEFAULT_CONTENT_TYPE
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.settling import WRITER, settled
from holdall.payloads.gcs.client import ONLY_NEW, GcsClient
from holdall.payloads.gcs.resumable import CHUNK, ResumableUpload


@dataclass(frozen=True, slots=True)
class Place:
    """Finished payloads are `data/<id>`, what is on its way to one `staging/<token>`.

    `living` are the keys that writings of this process are at work on: no sweep of ours asks
    how old they are.
    """

    client: GcsClient
    bucket: str
    prefix: str
    living: set[str] = field(default_factory=set)

    @property
    def data(self) -> str:
        return f"{self.prefix}data/"

    @property
    def staging(self) -> str:
        return f"{self.prefix}staging/"

    async def forget(self, key: str) -> bool:
        """Delete an object; whether there was one."""
        try:
            await self.client.delete(self.bucket, key)
        except BlobNotFound:
            return False
        return True


class GcsWriting:
    """A `PayloadWriting`.

    Google wants to know the key before the first byte, and the id is not known before the
    last. So a large payload is put together under a name of its own, and then rewritten, which
    moves no bytes, to where it appears at once and whole.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._token = secrets.token_hex(16)
        self._staged = place.staging + self._token
        self._small = bytearray()
        self._upload: ResumableUpload | None = None
        self._is_staged = False
        self._over = False
        place.living.add(self._staged)

    async def write(self, chunk: bytes) -> None:
        self._demand_open()
        with translated():
            if self._upload is None and len(self._small) + len(chunk) <= CHUNK:
                self._small += chunk
                return
            await (await self._begun()).write(chunk)

    async def _begun(self) -> ResumableUpload:
        if self._upload is None:
            place = self._place
            self._upload = await place.client.upload(place.bucket, _resource(self._staged))
            await self._upload.write(bytes(self._small))
            self._small.clear()
        return self._upload

    async def finish(self, id: str) -> None:
        self._demand_open()
        key = self._place.data + id
        with translated():
            if self._upload is not None:
                self._is_staged = True  # said before: an answer that is lost leaves it there
                await self._upload.finish()
            await settled(self._token, lambda: self._store(key), lambda: self._metadata(key))
        await self.aclose()

    async def _store(self, key: str) -> None:
        client, bucket = self._place.client, self._place.bucket
        resource = {**_resource(key), "metadata": {WRITER: self._token}}
        if self._is_staged:
            await client.rewrite((bucket, self._staged), (bucket, key), resource, ONLY_NEW)
        else:
            await client.insert(bucket, resource, bytes(self._small), ONLY_NEW)

    async def _metadata(self, key: str) -> Mapping[str, str]:
        found = await self._place.client.found(self._place.bucket, key)
        return dict(found.get("metadata", {}))

    async def aclose(self) -> None:
        self._over = True
        try:
            if self._upload is not None:
                await self._upload.aclose()
            await self._forget_staged()
        finally:
            self._place.living.discard(self._staged)

    async def _forget_staged(self) -> None:
        """What cannot be removed now is left to a sweep."""
        if self._is_staged:
            self._is_staged = False
            with suppress(HoldallError):
                await self._place.forget(self._staged)

    def _demand_open(self) -> None:
        if self._over:
            raise Closed("the writing is over")


def _resource(key: str) -> dict[str, str]:
    return {"name": key, "contentType": DEFAULT_CONTENT_TYPE}
