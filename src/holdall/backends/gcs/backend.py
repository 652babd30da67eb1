"""A Google Cloud project's own buckets as a backend: native keys, native generations.

Google numbers no revisions: a number is the place among the generations that are held now,
which only a listing of them tells. Where none was named it is -1.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final, NoReturn

from google.auth.credentials import Signing

from holdall.backends.access import BucketAccess
from holdall.backends.clouds.checking import (
    bucket_name,
    check_condition,
    check_options,
    check_source,
    checked_span,
    refuse,
)
from holdall.backends.clouds.copies import wanted
from holdall.backends.clouds.packing import unpacked
from holdall.backends.gcs import granting, history, said
from holdall.backends.gcs.history import Generation
from holdall.backends.gcs.listing import Listing
from holdall.backends.gcs.naming import check_key, check_name
from holdall.backends.gcs.publicity import is_public, set_public
from holdall.backends.gcs.sending import send
from holdall.backends.gcs.signing import signed_url
from holdall.backends.protocol import RevisionRef, Upload
from holdall.backends.reading import DownloadReading
from holdall.core.dispositions import attachment
from holdall.core.errors import (
    BlobNotFound,
    BucketNotEmpty,
    BucketNotFound,
    Busy,
    Conflict,
    HoldallError,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
)
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
from holdall.payloads.gcs.client import GcsClient, Resource, moment

ABILITIES: Final = Capabilities(
    suspension=False,  # what is written then replaces what has a version
    markers=False,
    numbered=False,
    time_travel=False,
    atomic_move=False,
    uploads=False,
    kept_usage=False,
    signed_urls=True,
    credentials=True,
    any_key=False,
    any_bucket_name=False,
    bucket_ids=False,
)

FAKE: Final = replace(
    ABILITIES,
    amendable=False,  # it ignores which generation shall go, or have other metadata
    conditional_copy=False,  # conditions it ignores, save those of an upload
    conditional_delete=False,
    public_access=False,  # it has no policies
)
"""What fake-gcs-server knows of it."""

_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_AT_ONCE: Final = 32
"""Deletions that are under way at the same time."""

ONLY_NEW: Final = Precondition(if_none_match="*")

_TRIES: Final = 20
"""How often a blob is looked for anew that was replaced between two requests."""


class GcsBackend:
    """Meets `Backend` as far as Google goes. The client becomes its own and is closed with it.

    `owner` is the name under which the project's buckets go; a bucket's id is its name.
    `capabilities` may be narrowed for a server that does less (`FAKE`).
    """

    clock_skew = timedelta()  # not measured

    def __init__(
        self, client: GcsClient, *, owner: str = "gcs", capabilities: Capabilities = ABILITIES
    ) -> None:
        self._client = client
        self._owner = owner
        can_sign = capabilities.signed_urls and isinstance(client.credentials, Signing)
        can_grant = capabilities.credentials and client.credentials is not None
        self.capabilities = replace(capabilities, signed_urls=can_sign, credentials=can_grant)

    # buckets

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        """`BucketExists` also when somebody else has one of that name: Google knows one each.

        It is made so that policies alone decide who may do what ("Uniform bucket-level
        access").
        """
        if name is None:
            refuse("buckets without a name")
        if versioning is Versioning.SUSPENDED:
            refuse("suspended versions")
        check_name(name)
        resource: Resource = {
            "name": name,
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
            "versioning": {"enabled": versioning is Versioning.ENABLED},
        }
        await self._client.create_bucket(resource)
        return await self.get_bucket(name)

    async def get_bucket(self, bucket: str) -> BucketRecord:
        name = self._name(bucket)
        return await self._record(await self._client.bucket(name))

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        """What is written between the look and the deletion keeps it: Google decides."""
        name = self._name(bucket)
        if force:
            await self._empty(name)
        else:
            await self._demand_empty(name)
        await self._client.delete_bucket(name)

    async def _demand_empty(self, name: str) -> None:
        async with aclosing(self._each(name, versions="true", maxResults=1)) as found:
            if await anext(found, None) is None:
                return
        usage = await self.usage(name)
        raise BucketNotEmpty(f"The bucket {name!r} holds blobs.", bucket=name, usage=usage)

    async def _empty(self, name: str) -> None:
        """What is there now and, in a bucket that keeps versions, what was."""
        await self._delete_each(name, [(each["name"], {}) async for each in self._each(name)])
        old = self._each(name, versions="true")
        named = [(each["name"], {"generation": each["generation"]}) async for each in old]
        await self._delete_each(name, named)

    async def _delete_each(
        self, name: str, named: Iterable[tuple[str, Mapping[str, object]]]
    ) -> list[HoldallError | None]:
        rest, done = iter(named), list[HoldallError | None]()
        while some := list(islice(rest, _AT_ONCE)):
            done += await asyncio.gather(*(self._tried(name, *each) for each in some))
        return done

    async def _tried(self, name: str, key: str, which: Mapping[str, object]) -> HoldallError | None:
        """A blob that is not there is no error."""
        try:
            check_key(key)
            await self._client.delete(name, key, which)
        except BlobNotFound:
            return None
        except HoldallError as error:
            return error
        return None

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        found = [each async for each in self._client.buckets()]
        found.sort(key=lambda each: str(each["name"]))
        for record in await asyncio.gather(*map(self._record, found)):
            yield record

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        """Public is what anybody may read; to list it stays the project's own."""
        name = self._name(bucket)
        if not self.capabilities.public_access:
            refuse("public access")
        await set_public(self._client, name, public_access)
        return await self.get_bucket(name)

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        """`Conflict` for what would turn it off."""
        name = self._name(bucket)
        if versioning is Versioning.SUSPENDED:
            refuse("suspended versions")
        if versioning is Versioning.ENABLED:
            await self._client.patch_bucket(name, {"versioning": {"enabled": True}})
        record = await self.get_bucket(name)
        if record.versioning is not versioning:
            raise Conflict(f"The bucket {name!r} keeps versions.", bucket=name)
        return record

    async def _record(self, found: Resource) -> BucketRecord:
        name = found["name"]
        public, created_at = await self._is_public(name), moment(found["timeCreated"])
        kept = found.get("versioning", {}).get("enabled", False)
        versioning = Versioning.ENABLED if kept else Versioning.OFF
        return BucketRecord(name, self._owner, name, created_at, versioning, public)

    async def _is_public(self, name: str) -> bool:
        """Whoever may not read the policy is not told; fake-gcs-server has none to read."""
        if not self.capabilities.public_access:
            return False
        try:
            return is_public(await self._client.policy(name))
        except (PermissionDenied, BucketNotFound):
            return False

    def _name(self, bucket: str) -> str:
        return bucket_name(bucket, self._owner, check_name)

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        name = self._name(bucket)
        check_key(key)
        check_options(options)
        return said.revision(await send(self._client, name, key, source, options))

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> DownloadReading:
        """Two requests: Google does not send metadata with the bytes."""
        name = self._name(bucket)
        check_key(key)
        start, end = checked_span(span)
        for _ in range(_TRIES):
            generation = await self._found(name, key, revision)
            stated = generation.revision
            if start == end or start >= stated.size:
                return DownloadReading(stated, (min(start, stated.size),) * 2, None)
            try:
                download = await self._client.get(name, generation.found, start=start, end=end)
            except BlobNotFound:  # replaced since, or deleted
                continue
            return DownloadReading(stated, download.span, download)
        raise Busy("The blob is replaced faster than it can be opened.", bucket=name, key=key)

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        name = self._name(bucket)
        check_key(key)
        return (await self._found(name, key, revision)).revision

    async def _found(self, name: str, key: str, revision: RevisionRef) -> Generation:
        if revision is None:
            return Generation(NEWEST, await self._client.found(name, key))
        return history.find(await self._held(name, key), name, key, revision)

    async def _held(self, name: str, key: str) -> Sequence[Generation]:
        return await history.generations(self._client, name, key)

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        name = self._name(bucket)
        check_key(key)
        check_condition(precondition)
        if precondition != ALWAYS and not self.capabilities.conditional_delete:
            refuse("conditional deletions")
        if revision is not None:
            await self._remove(name, key, revision, precondition)
            return None
        try:
            await self._client.delete(name, key, said.conditions(precondition, name, key))
        except BlobNotFound as error:
            raise _unmet(error, precondition) from error
        return None

    async def _remove(
        self, name: str, key: str, revision: RevisionRef, precondition: Precondition
    ) -> None:
        """Places move when a generation goes, maybe by somebody else's hand a moment ago."""
        self._need_amendable()
        if isinstance(revision, int) and revision >= 0:
            refuse("lasting numbers: name what is to be deleted by its version id")
        if precondition != ALWAYS:
            refuse("conditional deletions of one revision")
        found = await self._found(name, key, revision)
        try:
            await self._client.delete(name, key, {"generation": found.id})
        except BlobNotFound as error:
            raise RevisionNotFound(str(error), **error.facts, revision=revision) from error

    def _need_amendable(self) -> None:
        if not self.capabilities.amendable:
            refuse("changes of one revision")

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        name, named = self._name(bucket), list(keys)
        await self._client.bucket(name)
        errors = await self._delete_each(name, ((key, {}) for key in named))
        return [Deletion(key, error=error) for key, error in zip(named, errors, strict=True)]

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        name = self._name(bucket)
        check_key(key)
        held = await self._held(name, key)
        history.demand_any(held, name, key)
        if len(held) > 1:
            self._need_amendable()
        newest, *older = [(key, {"generation": each.id}) for each in held]
        for some in (reversed(older), [newest]):
            for error in await self._delete_each(name, some):
                if error is not None:
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
        name, to_name = self._name(bucket), self._name(to_bucket)
        check_key(key)
        check_key(to_key)
        check_options(options)
        if options.precondition != ALWAYS and not self.capabilities.conditional_copy:
            refuse("conditional copies")
        conditions = said.conditions(options.precondition, to_name, to_key)
        await self._client.bucket(to_name)
        source = await self._found(name, key, revision)
        check_source(source.revision, options.source, name)
        pinned = {"sourceGeneration": source.id, **conditions}
        target = said.copied(source.found, to_key, wanted(source.revision, options))
        try:
            made = await self._client.rewrite((name, key), (to_name, to_key), target, pinned)
        except BlobNotFound as error:
            text = "The source changed while it was copied."
            raise Busy(text, bucket=name, key=key) from error
        return said.revision(made)

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        self._name(to_bucket)
        check_key(to_key)
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
        name = self._name(bucket)
        if at is not None:
            refuse("time travel")
        check_limit(limit)
        for text in (prefix, delimiter, after):
            encode_text(text)
        return await Listing(self._client, name, prefix, delimiter, limit).page(after)

    async def revisions(
        self, bucket: str, key: str, *, after: int | None = None, limit: int = 1000
    ) -> Sequence[Revision]:
        """All of them are looked at, whatever the limit."""
        name = self._name(bucket)
        check_key(key)
        check_limit(limit)
        held = await self._held(name, key)
        return [each.revision for each in held if after is None or each.number < after][:limit]

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        return await self.copy(bucket, key, bucket, key, revision=revision)

    async def undelete(self, bucket: str, key: str) -> Revision:
        name = self._name(bucket)
        check_key(key)
        held = await self._held(name, key)
        history.demand_any(held, name, key)
        if held[0].revision.is_current:
            raise Conflict(f"{key!r} is not deleted.", bucket=name, key=key)
        able = self.capabilities.conditional_copy
        only_new = CopyOptions(precondition=ONLY_NEW) if able else COPY_ALL
        try:
            return await self.copy(bucket, key, bucket, key, revision=held[0].id, options=only_new)
        except PreconditionFailed as error:
            raise Conflict(f"{key!r} is there again.", bucket=name, key=key) from error

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        """`PreconditionFailed` when the blob was changed in the same moment."""
        name = self._name(bucket)
        check_key(key)
        check_options(PutOptions(tags=tags))
        if revision is not None:
            self._need_amendable()
        found = (await self._found(name, key, revision)).found
        held = found.get("metadata", {})
        kept = said.metadata(unpacked(held)._replace(tags=dict(tags)))
        gone = dict.fromkeys(each for each in held if each not in kept)  # null removes
        conditions = {
            ("generation" if revision is not None else "ifGenerationMatch"): found["generation"],
            "ifMetagenerationMatch": found["metageneration"],
        }
        await self._client.patch(name, key, {"metadata": {**gone, **kept}}, conditions)

    # uploads

    async def start_upload(self, bucket: str, key: str, *, options: PutOptions = PLAIN) -> Upload:
        self._refuse_for(bucket, key, "uploads in parts")

    async def resume_upload(self, bucket: str, key: str, id: str) -> Upload:
        self._refuse_for(bucket, key, "uploads in parts")

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        await self.get_bucket(bucket)
        refuse("uploads in parts")

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
        name, credentials = self._name(bucket), self._client.credentials
        check_key(key)
        if not self.capabilities.signed_urls or not isinstance(credentials, Signing):
            refuse("signed URLs without credentials that can sign")
        if method not in _METHODS:
            refuse(f"signed URLs for {method}")
        good, endpoint = int(expires_in), self._client.endpoint
        saved_as = None if download_name is None else attachment(download_name)
        signing = partial(signed_url, expires_in=good, saved_as=saved_as)
        return await asyncio.to_thread(signing, credentials, endpoint, method, name, key)

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        """An access token that reads and writes in this bucket only, for an hour at most."""
        name = self._name(bucket)
        if not self.capabilities.credentials:
            refuse("credentials for one bucket, without its own")
        return await granting.granted(self._client, name)

    async def usage(self, bucket: str) -> Usage:
        """Counted by listing all of it: Google keeps no account at hand."""
        name, total = self._name(bucket), Usage()
        async with aclosing(self._each(name, versions="true")) as found:
            async for each in found:
                total += said.usage(each)
        return total

    async def _each(self, name: str, **query: object) -> AsyncGenerator[Resource, None]:
        async with aclosing(self._client.pages(name, query)) as pages:
            async for page in pages:
                for found in page.get("items", ()):
                    yield found

    async def aclose(self) -> None:
        await self._client.aclose()

    def _refuse_for(self, bucket: str, key: str, what: str) -> NoReturn:
        self._name(bucket)
        check_key(key)
        refuse(what)


def _unmet(error: BlobNotFound, wanted: Precondition) -> HoldallError:
    """Where a blob was demanded, that there is none is what was not met."""
    if wanted.if_match is None:
        return error
    return PreconditionFailed("There is no blob.", **{**error.facts, "expected": wanted.if_match})
