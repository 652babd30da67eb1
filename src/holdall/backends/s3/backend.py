"""A provider's own buckets as a backend: native keys, one content a key.

S3 does not number revisions and answers nothing about them in a listing, so this backend
speaks of current blobs only (`versions` is False) and numbers each of them 0.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Final, NoReturn

from holdall.backends.protocol import RevisionRef, Upload
from holdall.backends.s3 import listing, said
from holdall.backends.s3.reading import S3Reading
from holdall.backends.s3.sending import send
from holdall.core.errors import (
    BlobNotFound,
    BucketExists,
    BucketNotFound,
    InvalidArgument,
    InvalidBucketName,
    InvalidKey,
    NotSupported,
    PreconditionFailed,
    RevisionNotFound,
)
from holdall.core.names import check_bucket_name, encode_key, parse_bucket_ref
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    ANY_SOURCE,
    COPY_ALL,
    NEWEST,
    PLAIN,
    BucketRecord,
    Capabilities,
    CopyOptions,
    Deletion,
    Page,
    Precondition,
    PutOptions,
    Revision,
    Span,
    UploadRecord,
    Usage,
    Versioning,
)
from holdall.engine.checking import check_limit, encode_text
from holdall.s3.client import Head, S3Client
from holdall.s3.client.values import EPOCH, quoted

ABILITIES: Final = Capabilities(
    versions=False,
    time_travel=False,
    conditional_put=True,
    conditional_delete=False,
    atomic_move=False,
    uploads=False,
    signed_urls=True,
    credentials=False,
    any_key=True,
)


class S3Backend:
    """Meets `Backend` as far as S3 goes. The client becomes its own and is closed with it.

    `owner` is the name under which the caller's buckets go; a bucket's id is its name.
    `capabilities` may be narrowed for a provider that does less than S3 (`any_key`, …).
    """

    def __init__(
        self, client: S3Client, *, owner: str = "s3", capabilities: Capabilities = ABILITIES
    ) -> None:
        self._client = client
        self._owner = owner
        self.capabilities = capabilities

    # buckets

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        if name is None:
            _refuse("buckets without a name")
        if versioning is not Versioning.OFF:
            _refuse("versions")
        check_bucket_name(name)
        with suppress(BucketNotFound):  # S3 forgives a second creation in its first region
            await self._client.head_bucket(name)
            raise BucketExists(f"There is a bucket {name!r}.", bucket=name)
        await self._client.create_bucket(name)
        return await self.get_bucket(name)

    async def get_bucket(self, bucket: str) -> BucketRecord:
        name = self._name(bucket)
        async with aclosing(self._client.list_buckets()) as held:
            async for each in held:
                if each.name == name:
                    return self._record(name, each.created_at)
        await self._client.head_bucket(name)  # another's, which the caller may use
        return self._record(name, EPOCH)

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        name = self._name(bucket)
        if force:
            await self._empty(name)
        await self._client.delete_bucket(name)

    async def _empty(self, name: str) -> None:
        uploads = [each async for each in self._client.each_upload(name)]
        for upload in uploads:
            await self._client.abort_upload(name, upload.key, upload.id)
        # First what is there now: not every server names odd keys well among the versions.
        await self._delete(name, [(each.key, None) async for each in self._client.each(name)])
        while found := (await self._client.list_versions(name)).entries:
            await self._delete(name, [(entry.key, entry.version) for entry in found])

    async def _delete(self, name: str, named: Sequence[tuple[str, str | None]]) -> None:
        for error in (await self._client.delete_many(name, named)).values():
            raise error

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        held = [each async for each in self._client.list_buckets()]
        for each in sorted(held, key=lambda each: each.name):
            yield self._record(each.name, each.created_at)

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        _refuse("public access")

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        _refuse("versions")

    def _record(self, name: str, created_at: datetime) -> BucketRecord:
        return BucketRecord(name, self._owner, name, created_at, Versioning.OFF)

    def _name(self, bucket: str) -> str:
        ref = parse_bucket_ref(bucket)
        if ref.name is None or ref.owner not in (None, self._owner):
            raise BucketNotFound(f"There is no bucket {bucket!r}.", bucket=bucket)
        try:
            check_bucket_name(ref.name)
        except InvalidBucketName as error:  # a bucket that cannot exist is not there
            raise BucketNotFound(f"There is no bucket {bucket!r}.", bucket=bucket) from error
        return ref.name

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        name = self._name(bucket)
        encode_key(key)
        said.check_options(options)
        etag, size = await send(self._client, name, key, source, options)
        return await self._stored(name, key, etag, size)

    async def _stored(self, name: str, key: str, etag: str, size: int) -> Revision:
        """What was just made; if it is overwritten already, the little that we know of it."""
        try:
            head = await self._client.head(name, key, headers={"if-match": quoted(etag)})
        except (PreconditionFailed, BlobNotFound):
            return Revision(key, 0, said.UNVERSIONED, size, datetime.now(UTC), etag=etag)
        return said.revision(key, head, await self._tags(name, key, head))

    async def _tags(self, name: str, key: str, head: Head) -> Mapping[str, str]:
        if head.headers.get("x-amz-tagging-count", "0") == "0":
            return {}
        return await self._client.get_tags(name, key)

    async def open(
        self, bucket: str, key: str, *, revision: RevisionRef = None, span: Span | None = None
    ) -> S3Reading:
        name = self._name(bucket)
        encode_key(key)
        _check_current(revision)
        start, end = (0, None) if span is None else (span.start, span.end)
        said.check_span(start, end)
        if start == end:
            return await self._nothing(name, key, start)
        try:
            download = await self._client.get(name, key, start=start, end=end)
        except InvalidArgument as error:
            if error.status != 416:
                raise
            return await self._nothing(name, key, start)
        found = said.revision(key, download.head, await self._tags(name, key, download.head))
        return S3Reading(found, download.span, download)

    async def _nothing(self, name: str, key: str, start: int) -> S3Reading:
        found = await self.head(name, key)
        at = min(start, found.size)
        return S3Reading(found, (at, at), None)

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        name = self._name(bucket)
        encode_key(key)
        _check_current(revision)
        head = await self._head(name, key)
        return said.revision(key, head, await self._tags(name, key, head))

    async def _head(self, name: str, key: str) -> Head:
        """A missing bucket and a missing key look the same in an answer to HEAD."""
        try:
            return await self._client.head(name, key)
        except BlobNotFound:
            await self._client.head_bucket(name)
            raise

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        """`BlobNotFound` is decided before: S3 does not say whether there was anything."""
        name = self._name(bucket)
        encode_key(key)
        _check_current(revision)
        if precondition != ALWAYS:
            _refuse("conditional deletions")
        await self._head(name, key)
        await self._client.delete(name, key)
        return None

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        name, wanted = self._name(bucket), list(keys)
        bad = {key: error for key in wanted if (error := _key_error(key)) is not None}
        good = dict.fromkeys(key for key in wanted if key not in bad)
        if not good:
            await self._client.head_bucket(name)
        failed = await self._client.delete_many(name, good)
        return [Deletion(key, None, bad.get(key) or failed.get((key, None))) for key in wanted]

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        await self.delete(bucket, key)
        return 1

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
        """Up to 5 GiB, which is what S3 copies in one request.

        Conditions are refused: not every provider knows them here, and those that do not
        overwrite without a word.
        """
        name, to_name = self._name(bucket), self._name(to_bucket)
        encode_key(key)
        encode_key(to_key)
        _check_current(revision)
        said.check_options(options)
        if options.precondition != ALWAYS or options.source != ANY_SOURCE:
            _refuse("conditional copies")
        source = await self.head(name, key)
        headers = _copy_headers(source, options)
        stored = await self._client.copy(name, key, to_name, to_key, headers=headers)
        return await self._stored(to_name, to_key, stored.etag, source.size)

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        self._name(to_bucket)
        encode_key(to_key)
        self._refuse_for(bucket, key, "atomic moves")

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
        """Entries say what a listing of S3 says: nothing of type, metadata and tags."""
        name = self._name(bucket)
        if at is not None:
            _refuse("time travel")
        check_limit(limit)
        for text in (prefix, delimiter, after):
            encode_text(text)
        return await listing.page(self._client, name, prefix, delimiter, after, limit)

    async def revisions(
        self, bucket: str, key: str, *, after: int | None = None, limit: int = 1000
    ) -> Sequence[Revision]:
        check_limit(limit)
        try:
            found = await self.head(bucket, key)
        except BlobNotFound:
            return []
        return [found] if after is None or after > 0 else []

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        self._refuse_for(bucket, key, "versions")

    async def undelete(self, bucket: str, key: str) -> Revision:
        self._refuse_for(bucket, key, "versions")

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        name = self._name(bucket)
        encode_key(key)
        _check_current(revision)
        said.check_options(PutOptions(tags=tags))
        await self._client.set_tags(name, key, tags)

    # uploads

    async def start_upload(self, bucket: str, key: str, *, options: PutOptions = PLAIN) -> Upload:
        self._refuse_for(bucket, key, "uploads in parts")

    async def resume_upload(self, bucket: str, key: str, id: str) -> Upload:
        self._refuse_for(bucket, key, "uploads in parts")

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        _refuse("uploads in parts")

    # access and accounts

    async def sign_url(
        self, bucket: str, key: str, *, method: str = "GET", expires_in: float = 3600
    ) -> str:
        name = self._name(bucket)
        return self._client.sign_url(method, name, key, expires=int(expires_in))

    async def usage(self, bucket: str) -> Usage:
        """Counted by listing all of it: S3 keeps no account."""
        name, total = self._name(bucket), Usage()
        async with aclosing(self._client.each(name)) as entries:
            async for entry in entries:
                total += Usage(1, entry.size, 1, entry.size)
        return total

    async def aclose(self) -> None:
        await self._client.aclose()

    def _refuse_for(self, bucket: str, key: str, what: str) -> NoReturn:
        self._name(bucket)
        encode_key(key)
        _refuse(what)


def _refuse(what: str) -> NoReturn:
    raise NotSupported(f"This backend has no {what}.")


def _check_current(revision: RevisionRef) -> None:
    """A bucket that keeps no versions has the newest revision of a blob, and no other."""
    if revision not in (None, NEWEST, 0, said.UNVERSIONED):
        raise RevisionNotFound(f"There is no revision {revision!a}.", revision=revision)


def _key_error(key: str) -> InvalidKey | None:
    try:
        encode_key(key)
    except InvalidKey as error:
        return error
    return None


def _copy_headers(source: Revision, options: CopyOptions) -> dict[str, str]:
    """S3 replaces metadata and type together, so what is to stay is said again. It does so
    for a copy onto itself too, which it refuses when nothing changes."""
    metadata = source.metadata if options.metadata is None else options.metadata
    headers = {
        "x-amz-metadata-directive": "REPLACE",
        "content-type": options.content_type or source.content_type,
        **said.metadata_headers(metadata, source.checksums),
        "x-amz-copy-source-if-match": quoted(source.etag),
    }
    if options.tags is None:
        return headers
    return headers | {"x-amz-tagging-directive": "REPLACE"} | said.tag_headers(options.tags)
