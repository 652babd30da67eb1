"""The one protocol that everything holding buckets of blobs meets.

The docstrings here are the contract; implementations are nearly bare.

*bucket* is a reference: a bucket's id, the name of one of the caller's own buckets, or
`owner/name`. *key* is an opaque string of 1 to 1024 bytes of UTF-8. *revision* names one
revision of a blob: a number (0 the original, -1 the newest, -2 the one before), a version
id, "null" for the one written without versioning (S3's null version), or None for the
current one. Unless said otherwise a method raises `BucketNotFound`,
and `BlobNotFound` where the key holds no current blob.

A method that changes something returns when the change is durable, and unless it says so
either the whole change happened or nothing of it. Methods may be called from many tasks at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Protocol, Self

from holdall.backends.access import BucketAccess
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    COPY_ALL,
    PLAIN,
    BucketRecord,
    Capabilities,
    CopyOptions,
    Deletion,
    Page,
    Part,
    Precondition,
    PutOptions,
    Revision,
    Span,
    UploadRecord,
    Usage,
    Versioning,
)

RevisionRef = int | str | None


SMALL: Final = 32 * 1024
"""Bytes of a blob that is worth fetching together with others."""


class Reading(Protocol):
    """An open blob: its metadata at once, its bytes when asked for.

    An async context manager and an async iterator of chunks of bytes. Bytes are verified
    against their checksums before they are handed out: `Corrupt` names bucket and key.
    What it reads stays readable until it is closed, even when the blob is deleted.
    """

    @property
    def revision(self) -> Revision: ...

    @property
    def span(self) -> tuple[int, int]:
        """The range that will be read, `(start, end)`, clipped to the blob's size."""

    async def read(self) -> bytes:
        """All that is left of the range."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Upload(Protocol):
    """A blob that is sent in parts. Survives the process; named by `id`."""

    @property
    def id(self) -> str: ...

    async def part(
        self, number: int, source: Source, *, checksums: Mapping[str, bytes | None] = ...
    ) -> Part:
        """Store a part, with checksums as in `PutOptions`; the same number again replaces it.

        `UploadNotFound` when the upload is over.
        """

    async def copy_part(
        self,
        number: int,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
    ) -> Part:
        """A part that is a range of a blob; moves no bytes where the backend can."""

    async def parts(self) -> Sequence[Part]:
        """The parts stored so far, by number."""

    async def complete(
        self, chosen: Sequence[Part | int] | None = None, *, precondition: Precondition = ALWAYS
    ) -> Revision:
        """Make the blob out of these parts, ascending; None: all. The upload is then over.

        A part named by its number alone is whatever was stored last under it; a `Part` has
        to be still the one that is held. `InvalidArgument`.
        """

    async def abort(self) -> None:
        """Forget the upload and its parts."""


class Backend(Protocol):
    """A holder of buckets."""

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def clock_skew(self) -> timedelta:
        """How far the clock that dates revisions is ahead of this machine's, as of the last
        answer; zero before one, and where it is not known."""

    # buckets

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        """Make a bucket of the caller's. `BucketExists` when they have one of that name."""

    async def get_bucket(self, bucket: str) -> BucketRecord: ...

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        """Delete a bucket. `BucketNotEmpty` when it holds anything at all, unless forced.

        By force it is emptied first, in several steps; doing it again finishes the job.
        """

    def list_buckets(self) -> AsyncIterable[BucketRecord]:
        """The caller's buckets, by name, unnamed ones last."""

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord: ...

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord: ...

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        """Store `source` as the newest revision of `key`.

        `PreconditionFailed` when the precondition does not hold, `ChecksumMismatch` when a
        digest that was announced differs, `StorageFull`. An error raised by the source
        itself passes through. In each case nothing is stored.
        """

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> Reading:
        """Open a blob for reading. A span that starts at or after the end reads empty.

        `small`: at most `SMALL` bytes are expected, and will be read at once; they may be
        fetched before they are asked for, and together with others.
        """

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        """The metadata of a blob. A delete marker asked for by revision is returned as such."""

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        """Delete a blob, or one revision of it for good.

        Without `revision`: a versioned bucket gets a delete marker, which is returned, and
        keeps every revision; another loses the blob. `BlobNotFound` when there is none.
        With one: that revision, marker or content, is gone; the one before it, if any,
        becomes current when it was the current one. `RevisionNotFound`.
        `Locked` where a revision would go that a hold or a retention keeps, here and in
        whatever else removes one for good.
        """

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        """Delete several blobs, each as `delete` would; a missing one is no error.

        Many go in several steps: an error leaves some deleted and some not.
        """

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        """Delete a blob with its history, for good; how many revisions went.

        A long history goes in several steps, the oldest revisions first.
        """

    async def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        revision: RevisionRef = None,
        options: CopyOptions = COPY_ALL,
    ) -> Revision:
        """Make a blob's content the newest revision of another key. Moves no bytes here.

        `PreconditionFailed` when what the options demand of source or target does not hold.
        """

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        """Copy the current revision and delete the source, in one step."""

    async def list(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        after: str = "",
        limit: int = 1000,
        at: datetime | None = None,
    ) -> Page:
        """A page of current blobs in the order of their keys' bytes.

        With a delimiter, keys that share a prefix up to and including its first
        occurrence after `prefix` become one `CommonPrefix`. `after` excludes keys up to
        it, and a whole common prefix when it is one. `at` lists the bucket as it stood
        then; `HistoryGone` when that is before its history floor.
        """

    async def revisions(
        self, bucket: str, key: str, *, after: int | None = None, limit: int = 1000
    ) -> Sequence[Revision]:
        """Revisions of one key, newest first, markers included; below number `after`.

        Empty for a key that never was.
        """

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        """Make an old revision's content the newest revision. `RevisionNotFound`."""

    async def undelete(self, bucket: str, key: str) -> Revision:
        """Make the newest content of a deleted blob current again, as a new revision.

        The delete marker stays in the history. `Conflict` when the blob is not deleted.
        """

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        """Replace the tags of a revision; beside its marks the only thing that can change."""

    # uploads

    async def start_upload(self, bucket: str, key: str, *, options: PutOptions = PLAIN) -> Upload:
        """Begin an upload. Its options say what the blob will have; checksums are given with
        the parts and the precondition at the end, so here they are `InvalidArgument`."""

    async def resume_upload(self, bucket: str, key: str, id: str) -> Upload:
        """An upload that was started before. `UploadNotFound`."""

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        """Unfinished uploads by key, then id; `after` is such a pair."""

    # access and accounts

    async def sign_url(
        self,
        bucket: str,
        key: str,
        *,
        method: str = "GET",
        expires_in: float = 3600,
        download_name: str | None = None,
    ) -> str:
        """A URL good for one method on one blob for `expires_in` seconds. `NotSupported`.

        A browser that follows it saves the blob under `download_name`, where there is one.
        """

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        """Credentials that reach this bucket only, and no further than the caller does.

        `NotSupported` unless `capabilities.credentials`, or where they cannot be confined to
        this one bucket.
        """

    async def usage(self, bucket: str) -> Usage: ...

    async def aclose(self) -> None:
        """Let go of everything. Harmless when repeated."""
