"""Blobs that are sent in parts: the parts by S3, their list and the end by the control plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdall.backends.protocol import RevisionRef
from holdall.backends.remote import naming, records
from holdall.backends.remote.control import Control, segment
from holdall.backends.s3.uploads import Finder, S3Upload, Shower
from holdall.core.sources import Source
from holdall.core.values import ALWAYS, Part, Precondition, Revision, Span
from holdall.s3.client import S3Client


@dataclass(frozen=True, slots=True)
class Stages:
    """What an upload goes through, and what `holdall.backends.s3.uploads` needs beside."""

    client: S3Client
    control: Control
    find: Finder
    show: Shower


class RemoteUpload:
    """Meets `holdall.backends.protocol.Upload`."""

    def __init__(self, stages: Stages, place: tuple[str, str], id: str) -> None:
        self._control = stages.control
        self._bytes = S3Upload(stages.client, place, id, stages.find, stages.show)
        self._place = place
        self.id = id

    async def part(
        self, number: int, source: Source, *, checksums: Mapping[str, bytes | None] = {}
    ) -> Part:
        return await self._bytes.part(number, source, checksums=checksums)

    async def copy_part(
        self,
        number: int,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
    ) -> Part:
        return await self._bytes.copy_part(number, bucket, key, revision=revision, span=span)

    async def parts(self) -> Sequence[Part]:
        name, key = self._place
        query = {"key": key}
        found = await self._control.get(f"{self._path}/parts", query, bucket=name, key=key)
        return [records.part(item) for item in found["items"]]

    async def complete(
        self, chosen: Sequence[Part | int] | None = None, *, precondition: Precondition = ALWAYS
    ) -> Revision:
        name, key = self._place
        parts = None if chosen is None else [_chosen(each) for each in chosen]
        body = {"key": key, "parts": parts, "condition": naming.condition(precondition)}
        found = await self._control.post(f"{self._path}/complete", body, bucket=name, key=key)
        return records.revision(found)

    async def abort(self) -> None:
        await self._bytes.abort()

    @property
    def _path(self) -> str:
        return f"/buckets/{segment(self._place[0])}/uploads/{segment(self.id)}"


def _chosen(part: Part | int) -> Mapping[str, object]:
    if isinstance(part, int):
        return {"number": part}
    return {"number": part.number, "etag": part.etag}
