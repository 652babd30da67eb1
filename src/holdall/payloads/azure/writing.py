"""A payload on its way in: one request for a small one, blocks in parallel for a large one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from azure.core import MatchConditions

from holdall.core.errors import BlobNotFound, Closed, HoldallError
from holdall.payloads.azure.blocks import BlocksUpload
from holdall.payloads.azure.client import ONCE, AzureClient
from holdall.payloads.azure.copying import copy_blob
from holdall.payloads.azure.failures import translated as azure
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.settling import WRITER, settled
from holdall.s3.client.parts import PART

_ONLY_NEW: Final[Mapping[str, Any]] = {"match_condition": MatchConditions.IfMissing, **ONCE}
_ONLY_NEW_COPY: Final[Mapping[str, Any]] = {"match_condition": MatchConditions.IfMissing}


@dataclass(frozen=True, slots=True)
class Place:
    """Finished payloads are `data/<id>`, what is on its way to one `staging/<token>`.

    `living` are the keys that writings of this process are at work on: no sweep of ours asks
    how old they are.
    """

    client: AzureClient
    container: str
    prefix: str
    living: set[str] = field(default_factory=set)

    @property
    def data(self) -> str:
        return f"{self.prefix}data/"

    @property
    def staging(self) -> str:
        return f"{self.prefix}staging/"

    async def forget(self, key: str) -> bool:
        """Delete a blob; whether there was one."""
        try:
            with azure(self.container, key):
                await self.client.blob(self.container, key).delete_blob()
        except BlobNotFound:
            return False
        return True


class AzureWriting:
    """A `PayloadWriting`.

    Blocks wait under the name of their blob, and the id is not known before the last. So a
    large payload is put together under a name of its own, and then copied by Azure to where
    it appears.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._token = secrets.token_hex(16)
        self._staged = place.staging + self._token
        self._upload = BlocksUpload(place.client, place.container, self._staged)
        self._small = bytearray()
        self._is_small = True
        self._is_staged = False
        self._over = False
        place.living.add(self._staged)

    async def write(self, chunk: bytes) -> None:
        self._demand_open()
        with translated():
            if self._is_small and len(self._small) + len(chunk) <= PART:
                self._small += chunk
                return
            await self._begin_blocks()
            await self._upload.write(chunk)

    async def _begin_blocks(self) -> None:
        if self._is_small:
            self._is_small = False
            await self._upload.write(bytes(self._small))
            self._small.clear()

    async def finish(self, id: str) -> None:
        self._demand_open()
        place, key = self._place, self._place.data + id
        with translated():
            if self._is_small:
                await settled(self._token, lambda: self._put(key), lambda: self._metadata(key))
            else:
                self._is_staged = True  # said before: an answer that is lost leaves it there
                await self._upload.complete()
                source, target = (place.container, self._staged), (place.container, key)
                # In doubt it fails: what is there by then may be a copy that goes on.
                await copy_blob(place.client, source, target, _ONLY_NEW_COPY)
        await self.aclose()

    async def _put(self, key: str) -> None:
        upload = BlocksUpload(self._place.client, self._place.container, key)
        await upload.write(bytes(self._small))
        await upload.complete({"metadata": {WRITER: self._token}}, _ONLY_NEW)

    async def _metadata(self, key: str) -> Mapping[str, str]:
        found = await self._place.client.properties(self._place.container, key)
        return found.metadata or {}

    async def aclose(self) -> None:
        self._over = True
        try:
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
