"""A stream on its way into one blob: in one request if it is small, else in blocks."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from azure.storage.blob import BlobBlock

from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.failures import translated
from holdall.s3.client.parts import Parts

NONE: Final[Mapping[str, Any]] = {}


class Stored(NamedTuple):
    """What Azure says of a blob that was just written. `md5` is None for one in blocks."""

    etag: str
    modified: datetime
    md5: bytes | None


class BlocksUpload:
    """Nothing shows before `complete`; Azure forgets within a week what was not completed.

    Blocks wait under the blob's name until one list of them becomes the blob, and those of
    other writers then go: whoever loses such a race gets `Conflict`.
    """

    def __init__(self, client: AzureClient, container: str, key: str) -> None:
        self._blob = client.blob(container, key)
        self._facts = (container, key)
        self._token = secrets.token_bytes(8)  # tells our blocks from those of other writers
        self._parts = Parts(self._stage)

    @property
    def size(self) -> int:
        return self._parts.size

    async def write(self, chunk: bytes) -> None:
        await self._parts.write(chunk)

    async def complete(
        self, said: Mapping[str, Any] = NONE, conditions: Mapping[str, Any] = NONE
    ) -> Stored:
        """Make the blob. `said` and `conditions` are arguments of the vendor's client."""
        if not self._parts.count:
            return await self._put(said, conditions)
        await self._parts.flush()
        listed = [BlobBlock(self._name(number)) for number in range(1, self._parts.count + 1)]
        with translated(*self._facts, changes=True):
            answer = await self._blob.commit_block_list(listed, **said, **conditions)
        return _stored(answer, None)

    async def _put(self, said: Mapping[str, Any], conditions: Mapping[str, Any]) -> Stored:
        data = self._parts.held
        with translated(*self._facts, changes=True):
            answer = await self._blob.upload_blob(
                data, length=len(data), overwrite=True, **said, **conditions
            )
        md5 = answer.get("content_md5")
        return _stored(answer, None if md5 is None else bytes(md5))

    async def _stage(self, number: int, data: bytes) -> None:
        with translated(*self._facts, changes=True):
            await self._blob.stage_block(self._name(number), data, length=len(data))

    def _name(self, number: int) -> str:
        """All names of a blob's blocks must be of one length (Azure "Put Block")."""
        return b64encode(self._token + number.to_bytes(4, "big")).decode()

    async def aclose(self) -> None:
        await self._parts.aclose()


def _stored(answer: Mapping[str, Any], md5: bytes | None) -> Stored:
    etag = str(answer["etag"]).strip('"')
    return Stored(etag, answer["last_modified"], md5)
