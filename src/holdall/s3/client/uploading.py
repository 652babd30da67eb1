"""A stream of unknown length on its way into one object: whole if small, else in parts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from holdall.core.errors import HoldallError
from holdall.s3.client.client import NONE, S3Client
from holdall.s3.client.parts import PART, Parts
from holdall.s3.client.values import SentPart, Stored


class PartsUpload:
    """Takes chunks, and sends them as `Parts` does.

    Nothing shows before `complete`; what was not completed is aborted by `aclose`. `headers`
    are those of the object.
    """

    def __init__(
        self, client: S3Client, bucket: str, key: str, headers: Mapping[str, str] = NONE
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._headers = headers
        self._parts = Parts(self._send)
        self.id: str | None = None

    @property
    def size(self) -> int:
        return self._parts.size

    @property
    def is_small(self) -> bool:
        """Whether all bytes so far are in memory."""
        return self.id is None

    @property
    def data(self) -> bytes:
        """The bytes that are not in a part yet."""
        return self._parts.held

    async def write(self, chunk: bytes) -> None:
        """Append. Raises what an earlier part failed with."""
        if self.id is None and self.size + len(chunk) > PART:
            self.id = await self._client.create_upload(
                self._bucket, self._key, headers=self._headers
            )
        await self._parts.write(chunk)

    async def complete(self, conditions: Mapping[str, str] = NONE) -> Stored:
        """Make the object. `conditions` are headers like `if-none-match`."""
        if self.id is None:
            headers = {**self._headers, **conditions}
            return await self._client.put(self._bucket, self._key, self.data, headers=headers)
        parts = await self._parts.flush()
        stored = await self._client.complete_upload(
            self._bucket, self._key, self.id, parts, headers=conditions
        )
        self.id = None
        return stored

    async def aclose(self) -> None:
        """Forget what was not completed. What cannot be aborted now is left to a sweep."""
        await self._parts.aclose()
        id, self.id = self.id, None
        if id is not None:
            with suppress(HoldallError):
                await self._client.abort_upload(self._bucket, self._key, id)

    def raise_failed(self) -> None:
        self._parts.raise_failed()

    async def _send(self, number: int, data: bytes) -> SentPart:
        assert self.id is not None, "it is begun before there is a part"
        return await self._client.put_part(self._bucket, self._key, self.id, number, data)
