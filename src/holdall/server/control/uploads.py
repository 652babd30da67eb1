"""Unfinished uploads as Holdall's own clients see them. They begin, and their parts are sent,
the way of S3; here they are listed with all that was said of them, and end exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints

from holdall.core.errors import NotSupported
from holdall.core.values import Part as Held
from holdall.core.values import PartChoice, UploadChecksum, UploadRecord
from holdall.engine import uploads
from holdall.server import encryption, shown_checksums
from holdall.server.control.asked import Asked
from holdall.server.control.blobs import Blob, Condition, Key, shown
from holdall.server.control.caller import Caller
from holdall.server.control.names import BucketInPath
from holdall.server.descriptions import hexadecimal

router = APIRouter(prefix="/buckets/{bucket}/uploads", tags=["uploads"])

Id = Annotated[str, Path(max_length=255)]
KeyInQuery = Annotated[Key, Query()]
MOST = 10_000


class Upload(BaseModel):
    """What was said when it was started."""

    id: str
    key: str
    created_at: datetime
    initiator: str
    owner: str
    content_type: str | None
    metadata: Mapping[str, str]
    tags: Mapping[str, str]


class Uploads(BaseModel):
    items: list[Upload]


class Part(BaseModel):
    """Checksums are in hexadecimal, CRCs big-endian."""

    number: int
    size: int
    etag: str
    created_at: datetime
    checksums: Mapping[str, str]


class Parts(BaseModel):
    items: list[Part]


class Chosen(Asked):
    """A part, which has to be still the one of that entity tag where one is named."""

    number: int = Field(ge=-(2**53), le=2**53)
    etag: Annotated[str, StringConstraints(max_length=256)] | None = None


class Completion(Asked):
    """`parts` null: all of them."""

    key: Key
    parts: Annotated[list[Chosen], Field(max_length=uploads.MAX_PARTS)] | None = None
    condition: Condition = Condition()


def _shown(record: UploadRecord) -> Upload:
    return Upload(
        id=record.id,
        key=record.key,
        created_at=record.created_at,
        initiator=record.initiator,
        owner=record.owner,
        content_type=record.content_type,
        metadata=record.metadata,
        tags=record.tags,
    )


def _part(held: Held) -> Part:
    return Part(
        number=held.number,
        size=held.size,
        etag=held.etag,
        created_at=held.created_at,
        checksums=hexadecimal(held.checksums),
    )


@router.get("")
async def list_uploads(
    bucket: BucketInPath,
    caller: Caller,
    prefix: str = "",
    after_key: str = "",
    after_id: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
) -> Uploads:
    """By key, those of one key in the order they were started; from after a key and an id on."""
    found = await caller.bucket(bucket, "s3:ListBucketMultipartUploads")
    place = after_key, after_id
    page = await uploads.list_uploads(caller.engine, found.id, prefix, place, limit)
    records = [each for each in page.entries if isinstance(each, UploadRecord)]
    return Uploads(items=[_shown(record) for record in records])


@router.get("/{upload}/parts")
async def list_parts(bucket: BucketInPath, upload: Id, caller: Caller, key: KeyInQuery) -> Parts:
    """The parts stored so far, by number."""
    found = await caller.bucket(bucket, "s3:ListMultipartUploadParts", key=key)
    open = await uploads.resume(caller.engine, found.id, key, upload)
    return Parts(items=[_part(held) for held in await open.parts()])


@router.post("/{upload}/complete")
async def complete(bucket: BucketInPath, upload: Id, wanted: Completion, caller: Caller) -> Blob:
    """Make the blob out of these parts, ascending and of any size. The upload is then over."""
    found = await caller.bucket(bucket, "s3:PutObject", key=wanted.key, writes=True)
    open = await uploads.resume(caller.engine, found.id, wanted.key, upload)
    attributes = (await open.record()).attributes
    if encryption.BY_CUSTOMER in attributes:
        raise NotSupported("What a customer's key protects is completed the way of S3.")
    kind = shown_checksums.wanted(attributes)
    made = await open.complete(
        _chosen(wanted.parts),
        precondition=wanted.condition.precondition,
        checksum=UploadChecksum(kind.algorithm, kind.type.value),
    )
    return shown(made)


def _chosen(parts: Sequence[Chosen] | None) -> list[PartChoice] | None:
    return None if parts is None else [PartChoice(part.number, part.etag) for part in parts]
