"""Blobs as Holdall's own clients see them: whole records, histories, and what S3 cannot say.

Bytes go the way of S3. What a blob is, what it was, and changes that have to be one step are
asked for here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from holdall.core.errors import HistoryGone, HoldallError, NotSupported, PermissionDenied
from holdall.core.values import CommonPrefix, Deletion, Entry, Precondition
from holdall.core.values import Revision as Record
from holdall.engine import copy, delete, head, history
from holdall.engine import list as listing
from holdall.server import encryption, encryption_rules
from holdall.server.buckets import Bucket
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketInPath, BucketName
from holdall.server.control.problems import Refusal
from holdall.server.descriptions import document

router = APIRouter(prefix="/buckets/{bucket}", tags=["blobs"])

FLOOR: Final = "x-holdall-history-floor"
"""The header that tells, of a time that is forgotten, since when the bucket remembers."""

_FOR_READERS: Final = ("checksums", "composite", "metadata", "tags", "headers")
"""What of a blob is told to those only who may read it."""

MOST: Final = 10_000
AT_ONCE: Final = 1000

Number = Annotated[int, Field(ge=-(2**100), le=2**100)]
Key = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    Field(description="A key: at most 1024 bytes of UTF-8, any of them."),
]
Tag = Annotated[str, StringConstraints(max_length=256)]


class Blob(BaseModel):
    """A revision. Checksums are in hexadecimal, CRCs big-endian."""

    key: str
    number: int
    version: str
    size: int
    created_at: datetime
    content_type: str
    etag: str
    checksums: Mapping[str, str]
    composite: Mapping[str, str]
    parts: int
    metadata: Mapping[str, str]
    tags: Mapping[str, str]
    headers: Mapping[str, str] = Field(description="Such as Cache-Control, as they were sent.")
    is_marker: bool
    is_current: bool
    is_null: bool


class Listed(BaseModel):
    """A blob, or the prefix that several have in common."""

    blob: Blob | None = None
    prefix: str | None = None


class Page(BaseModel):
    """`next` continues the listing as `after`; null at its end."""

    items: list[Listed]
    next: str | None


class History(BaseModel):
    items: list[Blob]


class Named(BaseModel):
    """A revision of a blob by its `number`, -1 the newest, or by its `version`; with neither
    the current one."""

    key: Key
    number: Number | None = None
    version: Annotated[str, StringConstraints(max_length=256)] | None = None

    @property
    def revision(self) -> int | str | None:
        return self.number if self.version is None else self.version


class Condition(Asked):
    """What must hold of the current blob: RFC 9110's conditions, and the number, the size and
    the time of the newest revision."""

    if_match: Tag | None = None
    if_none_match: Tag | None = None
    expect: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None
    if_match_size: Annotated[int, Field(ge=0, le=2**53)] | None = None
    if_match_time: AwareDatetime | None = None

    @property
    def precondition(self) -> Precondition:
        return Precondition(**self.model_dump())


class Restored(Named, Asked):
    """The revision that becomes the newest."""


class Unwanted(Named, Asked):
    condition: Condition = Condition()


class Deleted(BaseModel):
    """The delete marker that was made, if any."""

    marker: Blob | None


class Many(Asked):
    keys: Annotated[list[Key], Field(max_length=AT_ONCE)]


class Outcome(BaseModel):
    """What became of a key: a marker, or the word for what went wrong, or neither."""

    key: str
    marker: Blob | None = None
    error: str | None = None
    detail: str | None = None


class Outcomes(BaseModel):
    items: list[Outcome]


class Whole(Asked):
    key: Key


class Purged(BaseModel):
    revisions: int


class Move(Asked):
    key: Key
    to_bucket: BucketName
    to_key: Key


def shown(record: Record) -> Blob:
    return Blob(**document(record))


@router.get("/blobs")
async def list_blobs(
    bucket: BucketInPath,
    caller: Caller,
    prefix: str = "",
    delimiter: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
    at: AwareDatetime | None = None,
) -> Page:
    """The current blobs by the bytes of their keys, or those that were current `at` a time.

    Of what the caller may list and not read no metadata, tags and checksums are told.
    """
    action = "s3:ListBucket" if at is None else "s3:ListBucketVersions"
    found = await caller.bucket(bucket, action)
    try:
        page = await listing.list_page(caller.engine, found.id, prefix, delimiter, after, limit, at)
    except HistoryGone as error:
        raise _forgotten(error) from None
    records = [entry for entry in page.entries if isinstance(entry, Record)]
    readable = await _readable(caller, found, records, "s3:GetObject")
    return Page(items=[_listed(entry, readable) for entry in page.entries], next=page.after)


def _forgotten(error: HistoryGone) -> Refusal:
    return Refusal(410, "HistoryGone", error.message, headers={FLOOR: str(error.floor)})


def _listed(entry: Entry, readable: frozenset[str]) -> Listed:
    if isinstance(entry, CommonPrefix):
        return Listed(prefix=entry.prefix)
    return Listed(blob=_shown_if(entry, readable))


def _shown_if(record: Record, readable: frozenset[str]) -> Blob:
    """All of it, or what a listing of S3 would tell."""
    found = shown(record)
    if record.key in readable:
        return found
    return found.model_copy(update={name: {} for name in _FOR_READERS})


async def _readable(
    caller: Calling, bucket: Bucket, records: Sequence[Record], action: str
) -> frozenset[str]:
    """The keys that may be read. Only a policy can tell one from another."""
    keys = list(dict.fromkeys(record.key for record in records))
    if "policy" in bucket.settings or caller.proved.key.caller.is_under_policies:
        return frozenset([key for key in keys if await caller.may(bucket, action, key=key)])
    is_readable = bool(keys) and await caller.may(bucket, action, key=keys[0])
    return frozenset(keys if is_readable else ())


@router.get("/blob")
async def get_blob(bucket: BucketInPath, caller: Caller, wanted: Annotated[Named, Query()]) -> Blob:
    """What is known of a blob, or of one of its revisions."""
    action = "s3:GetObject" if wanted.revision is None else "s3:GetObjectVersion"
    found = await caller.bucket(bucket, action, key=wanted.key)
    return shown(await head.head(caller.engine, found.id, wanted.key, wanted.revision))


@router.get("/blob/history")
async def get_history(
    bucket: BucketInPath,
    caller: Caller,
    key: Annotated[Key, Query()],
    below: Annotated[int | None, Query(ge=-(2**53), le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
) -> History:
    """The revisions of a blob, the newest first, from below a number on."""
    found = await caller.bucket(bucket, "s3:ListBucketVersions")
    records = await history.history(caller.engine, found.id, key, below, limit)
    readable = await _readable(caller, found, records, "s3:GetObjectVersion")
    return History(items=[_shown_if(record, readable) for record in records])


@router.post("/blob/delete")
async def delete_blob(bucket: BucketInPath, wanted: Unwanted, caller: Caller) -> Deleted:
    """Delete a blob, or a revision of it for good."""
    action = "s3:DeleteObject" if wanted.revision is None else "s3:DeleteObjectVersion"
    found = await caller.bucket(bucket, action, key=wanted.key, writes=True)
    marker = await delete.delete(
        caller.engine, found.id, wanted.key, wanted.revision, wanted.condition.precondition
    )
    return Deleted(marker=None if marker is None else shown(marker))


@router.post("/blobs/delete")
async def delete_blobs(bucket: BucketInPath, wanted: Many, caller: Caller) -> Outcomes:
    """Delete several blobs. One that is not there, or that may not be deleted, keeps none of
    the others."""
    found = await caller.bucket(bucket, "s3:ListBucket")
    allowed = {key: await _may_delete(caller, found, key) for key in dict.fromkeys(wanted.keys)}
    fit = [key for key in wanted.keys if allowed[key]]
    done = iter(await delete.delete_many(caller.engine, found.id, fit))
    return Outcomes(
        items=[_outcome(next(done) if allowed[key] else _denied(key)) for key in wanted.keys]
    )


async def _may_delete(caller: Calling, bucket: Bucket, key: str) -> bool:
    return await caller.may(bucket, "s3:DeleteObject", key=key, writes=True)


def _denied(key: str) -> Deletion:
    return Deletion(key, error=PermissionDenied("You may not delete it."))


def _outcome(deletion: Deletion) -> Outcome:
    error = deletion.error
    return Outcome(
        key=deletion.key,
        marker=None if deletion.marker is None else shown(deletion.marker),
        error=None if error is None else type(error).__name__,
        detail=error.message if isinstance(error, HoldallError) else None,
    )


@router.post("/blob/purge")
async def purge_blob(bucket: BucketInPath, wanted: Whole, caller: Caller) -> Purged:
    """Delete a blob with all its revisions, for good."""
    await caller.bucket(bucket, "s3:ListBucketVersions")
    found = await caller.bucket(bucket, "s3:DeleteObjectVersion", key=wanted.key, writes=True)
    gone = await delete.delete_all_revisions(caller.engine, found.id, wanted.key)
    return Purged(revisions=gone)


@router.post("/blob/restore")
async def restore_blob(bucket: BucketInPath, wanted: Restored, caller: Caller) -> Blob:
    """Make an old revision the newest one. No bytes move."""
    found = await caller.bucket(bucket, "s3:GetObjectVersion", key=wanted.key)
    await caller.bucket(bucket, "s3:PutObject", key=wanted.key, writes=True)
    return shown(await history.restore(caller.engine, found.id, wanted.key, wanted.revision))


@router.post("/blob/undelete")
async def undelete_blob(bucket: BucketInPath, wanted: Whole, caller: Caller) -> Blob:
    """Bring a deleted blob back, as a new revision."""
    found = await caller.bucket(bucket, "s3:PutObject", key=wanted.key, writes=True)
    return shown(await history.undelete(caller.engine, found.id, wanted.key))


@router.post("/blob/move")
async def move_blob(bucket: BucketInPath, wanted: Move, caller: Caller) -> Blob:
    """Give a blob another name, in one step.

    501 where the copy would have to be made anew: encrypted otherwise, locked from its
    beginning, or somebody else's. Copy it then, and delete it.
    """
    await caller.bucket(bucket, "s3:GetObject", key=wanted.key)
    source = await caller.bucket(bucket, "s3:DeleteObject", key=wanted.key, writes=True)
    target = await caller.bucket(wanted.to_bucket, "s3:PutObject", key=wanted.to_key, writes=True)
    held = await head.head(caller.engine, source.id, wanted.key, None)
    if target.locked or (source.id != target.id and not _is_welcome(caller, target, held)):
        raise NotSupported("It cannot be moved there in one step: copy it, and delete it.")
    moved = await copy.move(caller.engine, source.id, wanted.key, target.id, wanted.to_key)
    return shown(moved)


def _is_welcome(caller: Calling, target: Bucket, held: Record) -> bool:
    """Whether the target would take it as it is: its own rules say nothing of new objects."""
    default = encryption_rules.default_of(target)
    wanted = {} if default is None else {encryption.BY_SERVER: default}
    return caller.user == target.owner and encryption.is_same(held.attributes, wanted)
