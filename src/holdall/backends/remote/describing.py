"""S3 by which a Holdall server tells the whole record of every blob that it takes or gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from holdall.s3.client import Answer, Body, Download, S3Client, SentPart, Stored
from holdall.s3.client.batching import BatchingSender
from holdall.s3.client.client import NONE

_ASKING: Final[Mapping[str, str]] = {"x-holdall-describe": "revision"}
_TOLD: Final = "x-holdall-revision"


def told(headers: Mapping[str, str]) -> str | None:
    """The record, in JSON; None from a server that tells none, or where it is too long."""
    return headers.get(_TOLD)


class DescribingClient(S3Client):
    """Asks for it with each request that makes a blob or reads one. Small ones travel together."""

    SENDER = BatchingSender

    async def put(
        self, bucket: str, key: str, body: bytes | Body, *, headers: Mapping[str, str] = NONE
    ) -> Stored:
        return await super().put(bucket, key, body, headers={**headers, **_ASKING})

    async def get(
        self,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        version: str | None = None,
        headers: Mapping[str, str] = NONE,
    ) -> Download:
        said = {**headers, **_ASKING}
        return await super().get(bucket, key, start=start, end=end, version=version, headers=said)

    async def read(
        self,
        bucket: str,
        key: str,
        *,
        version: str | None = None,
        headers: Mapping[str, str] = NONE,
    ) -> Answer:
        return await super().read(bucket, key, version=version, headers={**headers, **_ASKING})

    async def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        version: str | None = None,
        headers: Mapping[str, str] = NONE,
    ) -> Stored:
        said = {**headers, **_ASKING}
        return await super().copy(bucket, key, to_bucket, to_key, version=version, headers=said)

    async def complete_upload(
        self,
        bucket: str,
        key: str,
        upload: str,
        parts: Sequence[SentPart],
        *,
        headers: Mapping[str, str] = NONE,
    ) -> Stored:
        said = {**headers, **_ASKING}
        return await super().complete_upload(bucket, key, upload, parts, headers=said)
