"""A Holdall server's own buckets as a backend, with the meaning that they have in the engine.

Bytes travel by S3. What a blob is, was, and shall be in one step is asked of the control plane,
which knows numbers, times past and whole records.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp

from holdall.backends.access import BucketAccess
from holdall.backends.protocol import RevisionRef
from holdall.backends.reading import DownloadReading, Held
from holdall.backends.remote import granting, naming, records, watching
from holdall.backends.remote.control import Access, Control, Json, parsed, segment
from holdall.backends.remote.describing import DescribingClient, told
from holdall.backends.remote.uploads import RemoteUpload, Stages
from holdall.backends.s3 import conditions, copying, said, uploads
from holdall.backends.s3.copying import Origin
from holdall.backends.s3.sending import send
from holdall.core.errors import (
    BucketNotEmpty,
    Conflict,
    InvalidArgument,
    InvalidKey,
    NotFound,
    NotSupported,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
)
from holdall.core.names import check_bucket_name, encode_key
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    COPY_ALL,
    PLAIN,
    BucketRecord,
    Capabilities,
    CopyOptions,
    Deletion,
    Event,
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
from holdall.s3.client import Download, Patience, Retries, Stored
from holdall.s3.client.client import PATIENCE, RETRIES
from holdall.s3.client.values import quoted

TRIES: Final = 10
KEYS_AT_ONCE: Final = 1000
BYTES_AT_ONCE: Final = 100_000
"""Of keys in one request to delete them; escaped for JSON they are up to six times as long, and
a server takes 1 MiB."""


class RemoteBackend:
    """Meets `Backend`. `access` says where the server is and who asks. A `session` that is
    handed in is used for all of it and never closed.

    Buckets at other providers that the server knows of are listed and can be removed; their
    blobs are `Conflict` here (`holdall.backends.remote.elsewhere` reaches them).
    """

    capabilities = Capabilities(signed_urls=True, credentials=True, bucket_ids=False)

    def __init__(
        self,
        access: Access,
        *,
        retries: Retries = RETRIES,
        patience: Patience = PATIENCE,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self.control = Control(access, retries=retries, patience=patience, session=session)
        self._client = DescribingClient(
            access.endpoint,
            access.credentials,
            region=access.region,
            session=session,
            retries=retries,
            patience=patience,
        )
        self._names = naming.Names(self.control)

    @property
    def clock_skew(self) -> timedelta:
        return self._client.clock_skew

    # buckets

    async def create_bucket(
        self,
        name: str | None,
        *,
        versioning: Versioning = Versioning.ENABLED,
        owner: str | None = None,
    ) -> BucketRecord:
        """`owner` None is the caller; else an organisation that they manage, as `org:NAME`."""
        if name is None:
            raise NotSupported("On a server a bucket has a name.")
        check_bucket_name(name)
        is_versioned = versioning is not Versioning.OFF
        body = {"name": name, "owner": owner, "versioned": is_versioned}
        made = records.bucket(await self.control.post("/buckets", body, bucket=name))
        if versioning is Versioning.SUSPENDED:
            return await self.set_versioning(name, versioning)
        return made

    async def get_bucket(self, bucket: str) -> BucketRecord:
        return await self._names.record(bucket)

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        name = await self._names.name(bucket)
        query = {"force": "true" if force else None}
        try:
            await self.control.send("DELETE", _path(name), query=query, bucket=name)
        except BucketNotEmpty as error:
            usage = await self.usage(name)
            raise BucketNotEmpty(error.message, **error.facts, usage=usage) from error
        finally:
            self._names.forget(name)

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        async for found in self.control.every("/buckets"):
            yield records.bucket(found)

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        return await self._change(bucket, public=public_access)

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        if versioning is not Versioning.OFF:
            return await self._change(bucket, versioning=versioning.value)
        found = await self.get_bucket(bucket)
        if found.versioning is not versioning:
            raise Conflict("Versioning can be suspended, and never be turned off.", bucket=bucket)
        return found

    async def _change(self, bucket: str, **change: Any) -> BucketRecord:
        name = await self._names.name(bucket)
        return records.bucket(await self.control.send("PATCH", _path(name), change, bucket=name))

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        name = await self._place(bucket, key)
        said.check_options(options)
        _check_condition(options.precondition)
        with conditions.demanding(options.precondition):
            sent = await send(self._client, name, key, source, options)
        if options.brief:
            return said.stored(key, sent.stored, sent.size)
        return await self._made(name, key, sent.stored, sent.size)

    async def _made(self, name: str, key: str, stored: Stored, size: int) -> Revision:
        """What was just made; if it is overwritten already, or may be written and not read, the
        little that we know of it."""
        record = told(stored.headers)
        if record is not None:
            return records.revision(parsed(record))
        try:
            found = await self._head(name, key, said.own_version(stored))
        except (NotFound, PermissionDenied):
            return said.stored(key, stored, size)
        return found if found.etag == stored.etag else said.stored(key, stored, size)

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> DownloadReading:
        name = await self._place(bucket, key)
        if small and span is None and not isinstance(revision, int):
            held = await self._read_whole(name, key, revision)
            if held is not None:
                return held
        start, end = (0, None) if span is None else (span.start, span.end)
        said.check_span(start, end)
        if start != end and not isinstance(revision, int):
            reading = await self._read_at_once(name, key, revision, (start, end))
            if reading is not None:
                return reading
        for attempt in range(TRIES):
            found = await self._content(name, key, revision)
            if start >= min(found.size, found.size if end is None else end):
                at = min(start, found.size)
                return DownloadReading(found, (at, at), None)
            # By its version it is there whatever comes after it, but not everybody may ask so.
            named = revision is not None or attempt > 0
            download = await self._download(name, found, (start, end), named=named)
            if download is not None:
                return DownloadReading(found, download.span, download)
        raise Conflict(f"{key!r} changes faster than it is read.", bucket=name, key=key)

    async def _read_whole(self, name: str, key: str, version: str | None) -> DownloadReading | None:
        """What is small comes at once, and maybe together with others."""
        named = None if version is None else naming.carried(version, key)
        try:
            answer = await self._client.read(name, key, version=named)
        except (NotFound, InvalidArgument, NotSupported):
            return None
        record = told(answer.headers)
        if record is None:
            return None
        size = len(answer.content)
        return DownloadReading(records.revision(parsed(record)), (0, size), Held(answer.content))

    async def _read_at_once(
        self, name: str, key: str, version: str | None, span: tuple[int, int | None]
    ) -> DownloadReading | None:
        """None where S3 gives nothing, or does not tell of what: it has to be looked at."""
        named = None if version is None else naming.carried(version, key)
        try:
            download = await self._client.get(name, key, start=span[0], end=span[1], version=named)
        except (NotFound, InvalidArgument, NotSupported):  # a marker is the last
            return None
        record = told(download.head.headers)
        if record is None:
            await download.aclose()
            return None
        return DownloadReading(records.revision(parsed(record)), download.span, download)

    async def _download(
        self, name: str, found: Revision, span: tuple[int, int | None], *, named: bool
    ) -> Download | None:
        """None where it is another one since it was looked at."""
        start, end = span
        try:
            return await self._client.get(
                name,
                found.key,
                start=start,
                end=end,
                version=_version(found) if named else None,
                headers={"if-match": quoted(found.etag)},
            )
        except (PreconditionFailed, NotFound):
            return None
        except InvalidArgument as error:
            if error.status != 416:
                raise
            return None

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        return await self._head(await self._place(bucket, key), key, revision)

    async def _head(self, name: str, key: str, revision: RevisionRef) -> Revision:
        return records.revision(await self._described(name, key, revision))

    async def _described(self, name: str, key: str, revision: RevisionRef) -> Json:
        query = _named(key, revision)
        return await self.control.get(f"{_path(name)}/blob", query, **_facts(name, key, revision))

    async def _content(self, name: str, key: str, revision: RevisionRef) -> Revision:
        """`RevisionNotFound` for a marker too."""
        found = await self._head(name, key, revision)
        if found.is_marker:
            raise _no_content(name, key, revision)
        return found

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        name = await self._place(bucket, key)
        body = {**_named(key, revision), "condition": naming.condition(precondition)}
        facts = _facts(name, key, revision)
        marker = (await self.control.post(f"{_path(name)}/blob/delete", body, **facts))["marker"]
        return None if marker is None else records.revision(marker)

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        name, wanted = await self._names.name(bucket), list(keys)
        bad = {key: error for key in wanted if (error := _key_error(key)) is not None}
        good = [key for key in wanted if key not in bad]
        done = [each async for each in self._deleted(name, good)]
        found = iter(done)
        return [Deletion(key, error=bad[key]) if key in bad else next(found) for key in wanted]

    async def _deleted(self, name: str, keys: Sequence[str]) -> AsyncIterator[Deletion]:
        for some in _batches(keys):
            path = f"{_path(name)}/blobs/delete"
            for item in (await self.control.post(path, {"keys": some}, bucket=name))["items"]:
                yield records.deletion(item)

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        found = await self._post(bucket, key, "purge")
        return int(found["revisions"])

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
        name, to_name = await self._place(bucket, key), await self._place(to_bucket, to_key)
        said.check_options(options)
        _check_condition(options.precondition)
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
        document = await self._described(name, key, revision)
        found, head = records.revision(document), records.head(document)
        if found.is_marker:
            raise _no_content(name, key, revision)
        return Origin(name, key, head, found)

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        to_name = await self._place(to_bucket, to_key)
        found = await self._post(bucket, key, "move", to_bucket=to_name, to_key=to_key)
        return records.revision(found)

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
        name = await self._names.name(bucket)
        check_limit(limit)
        query = {"prefix": prefix, "delimiter": delimiter, "after": after}
        for text in query.values():
            encode_text(text)
        wanted = {**query, "limit": limit, "at": naming.moment(at)}
        return records.page(await self.control.get(f"{_path(name)}/blobs", wanted, bucket=name))

    async def revisions(
        self, bucket: str, key: str, *, after: int | None = None, limit: int = 1000
    ) -> Sequence[Revision]:
        name = await self._place(bucket, key)
        check_limit(limit)
        query = {"key": key, "below": after, "limit": limit}
        found = await self.control.get(f"{_path(name)}/blob/history", query, bucket=name, key=key)
        return [records.revision(item) for item in found["items"]]

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        found = await self._post(bucket, key, "restore", revision=revision)
        return records.revision(found)

    async def undelete(self, bucket: str, key: str) -> Revision:
        return records.revision(await self._post(bucket, key, "undelete"))

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        name = await self._place(bucket, key)
        said.check_options(PutOptions(tags=tags))
        found = await self._content(name, key, revision)
        version = None if revision is None else _version(found)
        await self._client.set_tags(name, key, tags, version=version)

    async def _post(
        self, bucket: str, key: str, verb: str, *, revision: RevisionRef = None, **more: str
    ) -> Json:
        name = await self._place(bucket, key)
        body, facts = {**_named(key, revision), **more}, _facts(name, key, revision)
        return await self.control.post(f"{_path(name)}/blob/{verb}", body, **facts)

    # uploads

    async def start_upload(
        self, bucket: str, key: str, *, options: PutOptions = PLAIN
    ) -> RemoteUpload:
        name = await self._place(bucket, key)
        id = await uploads.start(self._client, name, key, options)
        return self._upload(name, key, id)

    async def resume_upload(self, bucket: str, key: str, id: str) -> RemoteUpload:
        name = await self._place(bucket, key)
        uploads.check_id(id)
        upload = self._upload(name, key, id)
        await upload.parts()
        return upload

    def _upload(self, name: str, key: str, id: str) -> RemoteUpload:
        stages = Stages(self._client, self.control, self._named_origin, self._made)
        return RemoteUpload(stages, (name, key), id)

    async def _named_origin(self, bucket: str, key: str, revision: RevisionRef) -> Origin:
        return await self._origin(await self._place(bucket, key), key, revision)

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        name = await self._names.name(bucket)
        check_limit(limit)
        for text in (prefix, *after):
            encode_text(text)
        query = {"prefix": prefix, "after_key": after[0], "after_id": after[1], "limit": limit}
        found = await self.control.get(f"{_path(name)}/uploads", query, bucket=name)
        return [records.upload(item) for item in found["items"]]

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
        """At the server's public address, which may be another than the one that is asked."""
        name = await self._place(bucket, key)
        body = {
            "key": key,
            "method": method,
            "expires_in": int(expires_in),
            "download_name": download_name,
        }
        signed = await self.control.post(f"{_path(name)}/sign-url", body, bucket=name, key=key)
        return str(signed["url"])

    async def watch(
        self, bucket: str, *, prefix: str = "", after: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """Meets `Watcher`."""
        encode_text(prefix)
        return await watching.watch(self.control, await self.get_bucket(bucket), prefix, after)

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        """For an hour. Of an imported bucket they are its provider's."""
        record = await self.get_bucket(bucket)
        fields = await granting.granted(self.control, record)
        return BucketAccess(record.id, record.provider, fields)

    async def usage(self, bucket: str) -> Usage:
        name = await self._names.name(bucket)
        return records.usage(await self.control.get(f"{_path(name)}/usage", bucket=name))

    async def aclose(self) -> None:
        await self._client.aclose()
        await self.control.aclose()

    async def _place(self, bucket: str, key: str) -> str:
        encode_key(key)
        return await self._names.name(bucket)


def _path(name: str) -> str:
    return f"/buckets/{segment(name)}"


def _named(key: str, revision: RevisionRef) -> dict[str, Any]:
    """A revision as requests name it. `RevisionNotFound` for what no request can carry."""
    if isinstance(revision, str):
        return {"key": key, "version": naming.carried(revision, key)}
    return {"key": key} if revision is None else {"key": key, "number": revision}


def _facts(name: str, key: str, revision: RevisionRef) -> dict[str, Any]:
    return {"bucket": name, "key": key, "revision": revision}


def _version(found: Revision) -> str:
    return said.UNVERSIONED if found.is_null else found.version


def _no_content(name: str, key: str, revision: RevisionRef) -> RevisionNotFound:
    return RevisionNotFound(
        f"{key!r} has no revision {revision!a} with a content.",
        **_facts(name, key, revision),
    )


def _check_condition(condition: Precondition) -> None:
    if condition.if_match_size is not None or condition.if_match_time is not None:
        raise NotSupported("S3 compares no size and no time in a write.")


def _key_error(key: str) -> InvalidKey | None:
    try:
        encode_key(key)
    except InvalidKey as error:
        return error
    return None


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    """As many as one request takes; at least one, so that a missing bucket is noticed."""
    some, size = list[str](), 0
    for key in keys:
        if some and (len(some) == KEYS_AT_ONCE or size + len(key.encode()) > BYTES_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(key)
        size += len(key.encode())
    yield some
