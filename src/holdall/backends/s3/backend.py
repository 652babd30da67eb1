"""A provider's own buckets as a backend: native keys, native versions.

S3 gives versions an id and no number: a number is the place among the versions that are
held now, which only a listing of them tells. Where no versions were asked for it is -1, and 0
for the only content of a bucket that never had any.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NoReturn

from holdall.backends.access import BucketAccess
from holdall.backends.protocol import RevisionRef
from holdall.backends.reading import DownloadReading
from holdall.backends.s3 import (
    buckets,
    conditions,
    copying,
    granting,
    history,
    listing,
    public,
    said,
    tagging,
    uploads,
)
from holdall.backends.s3.copying import Origin
from holdall.backends.s3.providers import AWS
from holdall.backends.s3.sending import send
from holdall.backends.s3.uploads import S3Upload
from holdall.core.dispositions import attachment
from holdall.core.errors import (
    BlobNotFound,
    Conflict,
    HoldallError,
    InvalidArgument,
    InvalidKey,
    NotSupported,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
)
from holdall.core.names import encode_key
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
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
from holdall.s3.client import Deleted, Download, Head, Listed, S3Client, Stored
from holdall.s3.client.client import NONE
from holdall.s3.client.values import quoted

TRIES: Final = 3
SAVED_AS: Final = "response-content-disposition"
SUMMED: Final[Mapping[str, str]] = MappingProxyType({"x-amz-checksum-mode": "ENABLED"})
"""Asks for the checksums that S3 keeps. Not for a copy's source: they are not to be noted again
beside the copy, as if a writer had."""


class S3Backend:
    """Meets `Backend` as far as S3 goes. The client becomes its own and is closed with it.

    `owner` is the name under which the caller's buckets go; a bucket's id is its name.
    `capabilities` are the provider's (`holdall.backends.s3.providers`). `provider`, "aws" or
    "minio", says whose token service there is, in the second case behind the same endpoint;
    only Amazon is known without.
    """

    def __init__(
        self,
        client: S3Client,
        *,
        owner: str = "s3",
        capabilities: Capabilities = AWS,
        provider: str | None = None,
    ) -> None:
        self._client = client
        self._owner = owner
        self._provider = provider or granting.provider_of(client)
        can_grant = capabilities.credentials and granting.can_grant(client, self._provider)
        self.capabilities = replace(capabilities, credentials=can_grant)

    @property
    def clock_skew(self) -> timedelta:
        return self._client.clock_skew

    # buckets

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        if name is None:
            _refuse("buckets without a name")
        self._need_versioning(versioning)
        await buckets.create(self._client, name, versioning)
        return await self.get_bucket(name)

    async def get_bucket(self, bucket: str) -> BucketRecord:
        """What the caller may not see of its settings counts as off."""
        return await buckets.get(self._client, self._owner, self._name(bucket), self.capabilities)

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        name = self._name(bucket)
        if force:
            await buckets.empty(self._client, name, self.capabilities)
        elif self.capabilities.versions:
            await buckets.demand_empty(self._client, name)
        await self._client.delete_bucket(name)

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        for record in await buckets.every(self._client, self._owner, self.capabilities):
            yield record

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        """In several steps; doing it again finishes the job."""
        name = self._name(bucket)
        self._need(self.capabilities.public_access, "public access")
        await public.set_public(self._client, name, public_access)
        return await self.get_bucket(name)

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        name = self._name(bucket)
        self._need_versioning(versioning)
        await buckets.set_versioning(self._client, name, versioning)
        return await self.get_bucket(name)

    def _name(self, bucket: str) -> str:
        return buckets.named(bucket, self._owner)

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        name = self._place(bucket, key)
        said.check_options(options)
        self._check_condition(options.precondition, able=self.capabilities.conditional_put)
        with conditions.demanding(options.precondition):
            sent = await send(self._client, name, key, source, options)
        if options.brief:
            return said.stored(key, sent.stored, sent.size)
        return await self._made(name, key, sent.stored, sent.size)

    async def _made(self, name: str, key: str, stored: Stored, size: int) -> Revision:
        """What was just made; the little that we know of it if it is overwritten already, or if
        the caller may write and not read."""
        asked, version = {"if-match": quoted(stored.etag), **SUMMED}, said.own_version(stored)
        try:
            head = await self._client.head(name, key, version=version, headers=asked)
        except (PermissionDenied, PreconditionFailed, BlobNotFound, RevisionNotFound):
            return said.stored(key, stored, size)
        tags = await tagging.known(self._client, (name, key), head, version)
        return said.summed(key, head, tags)

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> DownloadReading:
        name = self._place(bucket, key)
        start, end = (0, None) if span is None else (span.start, span.end)
        said.check_span(start, end)
        version = None if revision is None else await self._content(name, key, revision)
        if start == end:
            return await self._nothing(name, key, start, version)
        id = version.asked if version else None
        try:
            download = await self._client.get(name, key, start=start, end=end, version=id)
        except InvalidArgument as error:
            if error.status != 416:
                raise
            return await self._nothing(name, key, start, version)
        return await self._reading(name, key, download, version)

    async def _reading(
        self, name: str, key: str, download: Download, version: history.Version | None
    ) -> DownloadReading:
        try:
            found = await self._shown(name, key, download.head, version)
        except BaseException:
            await download.aclose()
            raise
        return DownloadReading(found, download.span, download)

    async def _nothing(
        self, name: str, key: str, start: int, version: history.Version | None
    ) -> DownloadReading:
        found = await self._described(name, key, version)
        at = min(start, found.size)
        return DownloadReading(found, (at, at), None)

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        name = self._place(bucket, key)
        if revision is None:
            return await self._described(name, key, None)
        found = await self._find(name, key, revision)
        if found.listed.is_marker:
            return found.revision
        return await self._described(name, key, found)

    async def _described(self, name: str, key: str, version: history.Version | None) -> Revision:
        head = await self._head(name, key, version.asked if version else None, SUMMED)
        return await self._shown(name, key, head, version)

    async def _shown(
        self, name: str, key: str, head: Head, version: history.Version | None
    ) -> Revision:
        """Without tags where the caller may not see them."""
        id = version.asked if version else None
        tags = await tagging.known(self._client, (name, key), head, id)
        return _placed(said.summed(key, head, tags), version)

    async def _head(
        self, name: str, key: str, version: str | None = None, headers: Mapping[str, str] = NONE
    ) -> Head:
        """A missing bucket and a missing key look the same in an answer to HEAD."""
        try:
            return await self._client.head(name, key, version=version, headers=headers)
        except BlobNotFound:
            await self._client.head_bucket(name)
            raise

    async def _find(self, name: str, key: str, revision: RevisionRef) -> history.Version:
        return history.find(await self._held(name, key), name, key, revision)

    async def _content(self, name: str, key: str, revision: RevisionRef) -> history.Version:
        return history.find_content(await self._held(name, key), name, key, revision)

    async def _held(self, name: str, key: str) -> Sequence[history.Version]:
        listed = history.versions if self.capabilities.versions else history.only
        return await listed(self._client, name, key)

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        """`BlobNotFound` is decided before: S3 does not say whether there was anything."""
        name = self._place(bucket, key)
        if precondition != ALWAYS:
            self._need(self.capabilities.conditional_delete, "conditional deletions")
            conditions.check_delete(precondition)
        if revision is not None:
            await self._remove(name, key, revision, precondition)
            return None
        if precondition == ALWAYS:
            await self._head(name, key)
        with conditions.demanding(precondition):
            headers = conditions.headers(precondition)
            return said.marker(key, await self._client.delete(name, key, headers=headers))

    async def _remove(
        self, name: str, key: str, revision: RevisionRef, precondition: Precondition
    ) -> None:
        """Places move when a version goes, maybe by somebody else's hand a moment ago."""
        if isinstance(revision, int) and revision >= 0:
            _refuse("lasting numbers: name what is to be deleted by its version id")
        if precondition != ALWAYS:
            _refuse("conditional deletions of one version")
        found = await self._find(name, key, revision)
        await self._client.delete(name, key, version=found.asked)

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        """Where there are versions, a missing key gets a delete marker like any other."""
        name, wanted = self._name(bucket), list(keys)
        bad = {key: error for key in wanted if (error := _key_error(key)) is not None}
        good = dict.fromkeys(key for key in wanted if key not in bad)
        if not good:
            await self._client.head_bucket(name)
        done = {key: it for (key, _), it in (await self._client.delete_each(name, good)).items()}
        return [_deletion(key, bad.get(key) or _taken(done, key)) for key in wanted]

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        name = self._place(bucket, key)
        held = await self._held(name, key)
        history.demand_any(held, name, key)
        named = [(key, each.asked) for each in reversed(held)]
        failed = await self._client.delete_many(name, named)
        for error in failed.values():
            raise error
        return len(held)

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
        name, to_name = self._place(bucket, key), self._place(to_bucket, to_key)
        said.check_options(options)
        self._check_condition(options.precondition, able=self.capabilities.conditional_copy)
        for _ in range(TRIES):
            source = await self._origin(name, key, revision)
            conditions.demand_of_source(options.source, source.revision, name)
            try:
                with conditions.demanding(options.precondition):
                    stored = await copying.copy(self._client, source, to_name, to_key, options)
            except PreconditionFailed:
                if options.precondition != ALWAYS:
                    raise
                continue  # the source is another one since it was looked at
            return await self._made(to_name, to_key, stored, source.head.size)
        raise Conflict(f"{key!r} changes faster than it is copied.", bucket=name, key=key)

    async def _origin(self, name: str, key: str, revision: RevisionRef) -> Origin:
        version = None if revision is None else await self._content(name, key, revision)
        id = version.asked if version else None
        head = await self._head(name, key, id)
        # Tags that are not seen here would be lost in the copy, and nobody would know.
        tags = await tagging.every(self._client, (name, key), head, id)
        return Origin(name, key, head, _placed(said.revision(key, head, tags), version))

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        self._place(bucket, key)
        self._place(to_bucket, to_key)
        _refuse("atomic moves")

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
        """Entries say what a listing of S3 says: nothing of type, metadata, tags and version."""
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
        """They say what a listing of S3 says. All of them are looked at, whatever the limit."""
        name = self._place(bucket, key)
        check_limit(limit)
        held = await self._held(name, key)
        return [each.revision for each in held if after is None or each.number < after][:limit]

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        return await self.copy(bucket, key, bucket, key, revision=revision)

    async def undelete(self, bucket: str, key: str) -> Revision:
        name = self._place(bucket, key)
        held = await self._held(name, key)
        history.demand_any(held, name, key)
        if not held[0].listed.is_marker:
            raise Conflict(f"{key!r} is not deleted.", bucket=name, key=key)
        return await self.copy(bucket, key, bucket, key, revision=NEWEST)

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        name = self._place(bucket, key)
        said.check_options(PutOptions(tags=tags))
        if revision is None:
            await self._head(name, key)  # S3 answers in several ways where there is a marker
            await self._client.set_tags(name, key, tags)
        else:
            found = await self._content(name, key, revision)
            await self._client.set_tags(name, key, tags, version=found.asked)

    # uploads

    async def start_upload(self, bucket: str, key: str, *, options: PutOptions = PLAIN) -> S3Upload:
        name = self._place(bucket, key)
        self._need(self.capabilities.uploads, "uploads in parts")
        return self._upload(name, key, await uploads.start(self._client, name, key, options))

    async def resume_upload(self, bucket: str, key: str, id: str) -> S3Upload:
        name = self._place(bucket, key)
        self._need(self.capabilities.uploads, "uploads in parts")
        uploads.check_id(id)
        upload = self._upload(name, key, id)
        await upload.require()
        return upload

    def _upload(self, name: str, key: str, id: str) -> S3Upload:
        return S3Upload(self._client, (name, key), id, self._named_origin, self._made)

    async def _named_origin(self, bucket: str, key: str, revision: RevisionRef) -> Origin:
        return await self._origin(self._place(bucket, key), key, revision)

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        name = self._name(bucket)
        self._need(self.capabilities.uploads, "uploads in parts")
        check_limit(limit)
        return await uploads.unfinished(self._client, name, prefix, after, limit)

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
        name = self._place(bucket, key)
        query = () if download_name is None else ((SAVED_AS, attachment(download_name)),)
        return self._client.sign_url(method, name, key, expires=int(expires_in), query=query)

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        """Keys that read and write in this bucket only, for an hour."""
        name = self._name(bucket)
        self._need(self.capabilities.credentials, "credentials for one bucket")
        assert self._provider is not None, "it is who can"
        return await granting.granted(self._client, self._provider, name)

    async def usage(self, bucket: str) -> Usage:
        """Counted by listing all of it: S3 keeps no account. Where the caller may not list
        versions, only what is current counts."""
        name = self._name(bucket)
        if self.capabilities.versions:
            with suppress(PermissionDenied):
                return await _counted(self._client.each_version(name))
        return await _counted(self._client.each(name))

    async def aclose(self) -> None:
        await self._client.aclose()

    def _place(self, bucket: str, key: str) -> str:
        name = self._name(bucket)
        encode_key(key)
        return name

    def _check_condition(self, condition: Precondition, *, able: bool) -> None:
        if condition != ALWAYS:
            self._need(able, "conditions here")
            conditions.check_write(condition)

    def _need_versioning(self, versioning: Versioning) -> None:
        if versioning is not Versioning.OFF:
            self._need(self.capabilities.versions, "versions")
        if versioning is Versioning.SUSPENDED:
            self._need(self.capabilities.suspension, "suspended versions")

    def _need(self, able: bool, what: str) -> None:
        if not able:
            _refuse(what)


def _refuse(what: str) -> NoReturn:
    raise NotSupported(f"This backend has no {what}.")


def _placed(found: Revision, version: history.Version | None) -> Revision:
    return found if version is None else version.described(found)


async def _counted(entries: AsyncGenerator[Listed, None]) -> Usage:
    total = Usage()
    async with aclosing(entries):
        async for entry in entries:
            total += said.usage(entry)
    return total


def _key_error(key: str) -> InvalidKey | None:
    try:
        encode_key(key)
    except InvalidKey as error:
        return error
    return None


def _taken(done: dict[str, Deleted | HoldallError], key: str) -> Deleted | HoldallError | None:
    """What became of a key; who names one twice deletes it once."""
    outcome = done.get(key)
    return outcome if isinstance(outcome, HoldallError) else done.pop(key, None)


def _deletion(key: str, done: Deleted | HoldallError | None) -> Deletion:
    if isinstance(done, HoldallError):
        return Deletion(key, error=done)
    return Deletion(key, said.marker(key, done) if done else None)
