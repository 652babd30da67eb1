"""A payload on its way in: one request for a small one, parts in parallel for a large one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from holdall.core.errors import Closed, HoldallError
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.settling import WRITER, settled
from holdall.payloads.s3.place import Place
from holdall.s3.client import SentPart
from holdall.s3.client.parts import MOST_PARTS
from holdall.s3.client.uploading import PartsUpload
from holdall.s3.client.values import META

SPAN: Final = 128 * 1024 * 1024
"""Bytes that are copied by one request."""

AT_ONCE: Final = 4
"""Copies that are under way at the same time."""

_ONLY_NEW: Final = {"if-none-match": "*"}


class S3Writing:
    """A `PayloadWriting`.

    S3 wants to know the key before the first part, and the id is not known before the last.
    So a large payload is put together under a name of its own and then copied, inside the
    store and in ranges side by side, to where it appears at once and whole.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._token = secrets.token_hex(16)
        self._staged = place.staging + self._token
        self._upload = PartsUpload(place.client, place.bucket, self._staged)
        self._is_staged = False
        self._over = False
        place.living.add(self._staged)

    async def write(self, chunk: bytes) -> None:
        self._demand_open()
        with translated():
            await self._upload.write(chunk)

    async def finish(self, id: str) -> None:
        self._demand_open()
        key = self._place.data + id
        with translated():
            if self._upload.is_small:
                await self._settled(key, lambda: self._put(key))
            else:
                await self._upload.complete()
                self._is_staged = True
                await self._copy_to(key)
        await self.aclose()

    async def aclose(self) -> None:
        self._over = True
        try:
            await self._upload.aclose()
            await self._forget_staged()
        finally:
            self._place.living.discard(self._staged)

    async def _forget_staged(self) -> None:
        if self._is_staged:
            self._is_staged = False
            with suppress(HoldallError):  # then it is swept later
                await self._place.client.delete(self._place.bucket, self._staged)

    @property
    def _said(self) -> dict[str, str]:
        return {META + WRITER: self._token}

    async def _put(self, key: str) -> None:
        place, data = self._place, self._upload.data
        await place.client.put(place.bucket, key, data, headers={**self._said, **_ONLY_NEW})

    async def _settled(self, key: str, store: Callable[[], Awaitable[object]]) -> None:
        async def metadata() -> Mapping[str, str]:
            return (await self._place.client.head(self._place.bucket, key)).metadata

        await settled(self._token, store, metadata)

    async def _copy_to(self, key: str) -> None:
        client, bucket = self._place.client, self._place.bucket
        self._place.living.add(key)
        try:
            id = await client.create_upload(bucket, key, headers=self._said)
            try:
                parts = await self._copied(key, id)
                await self._settled(
                    key,
                    lambda: client.complete_upload(bucket, key, id, parts, headers=_ONLY_NEW),
                )
            except BaseException:
                with suppress(HoldallError):
                    await client.abort_upload(bucket, key, id)
                raise
        finally:
            self._place.living.discard(key)

    async def _copied(self, key: str, id: str) -> list[SentPart]:
        size, source = self._upload.size, (self._place.bucket, self._staged)
        step = max(SPAN, -(-size // MOST_PARTS))
        room = asyncio.Semaphore(AT_ONCE)

        async def copy(number: int, start: int) -> SentPart:
            span = (start, min(start + step, size))
            async with room:
                return await self._place.client.copy_part(
                    self._place.bucket, key, id, number, source, span=span
                )

        starts = enumerate(range(0, size, step), 1)
        try:
            async with asyncio.TaskGroup() as group:
                copies = [group.create_task(copy(number, start)) for number, start in starts]
        except* HoldallError as errors:
            raise errors.exceptions[0] from errors
        return [each.result() for each in copies]

    def _demand_open(self) -> None:
        """A part that failed fails every call that follows."""
        if self._over:
            raise Closed("the payload is finished or given up")
        with translated():
            self._upload.raise_failed()
