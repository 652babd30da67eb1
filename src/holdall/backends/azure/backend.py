"""An Azure storage account's own containers as a backend: native keys, one content a key.

Azure numbers no revisions, and whether an account keeps versions its data plane does not say,
so this backend speaks of current blobs only and numbers each of them 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NoReturn

from azure.storage.blob import BlobSasPermissions, ContainerProperties

from holdall.backends.access import BucketAccess
from holdall.backends.azure import granting, said
from holdall.backends.azure.copying import copy
from holdall.backends.azure.listing import Listing
from holdall.backends.azure.naming import check_container_name, check_key
from holdall.backends.azure.sending import send
from holdall.backends.azure.tagging import set_tags
from holdall.backends.clouds.checking import (
    bucket_name,
    check_condition,
    check_current,
    check_options,
    check_source,
    checked_span,
    refuse,
)
from holdall.backends.protocol import RevisionRef, Upload
from holdall.backends.reading import DownloadReading
from holdall.core.dispositions import attachment
from holdall.core.errors import (
    BlobNotFound,
    BucketNotEmpty,
    BucketNotFound,
    Busy,
    HoldallError,
    InvalidArgument,
    PreconditionFailed,
)
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
    Precondition,
    PutOptions,
    Revision,
    Span,
    UploadRecord,
    Usage,
    Versioning,
)
from holdall.engine.checking import check_limit, encode_text
from holdall.payloads.azure.client import ONCE, AzureClient
from holdall.payloads.azure.failures import translated

ABILITIES: Final = Capabilities(
    versions=False,
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

AZURITE: Final = replace(ABILITIES, cheap_pages=False)
"""What the emulator knows of it: no listing of its own begins after a key."""

_METHODS: Final = {
    "GET": BlobSasPermissions(read=True),
    "HEAD": BlobSasPermissions(read=True),
    "PUT": BlobSasPermissions(create=True, write=True),
    "DELETE": BlobSasPermissions(delete=True),
}
_AT_ONCE: Final = 32
"""Deletions that are under way at the same time."""


class AzureBackend:
    """Meets `Backend` as far as Azure goes. The client becomes its own and is closed with it.

    `owner` is the name under which the account's buckets go; a bucket's id is its name. A
    bucket's `created_at` is when its container was last changed: Azure tells no other time.
    """

    clock_skew = timedelta()  # not measured

    def __init__(
        self, client: AzureClient, *, owner: str = "azure", capabilities: Capabilities = ABILITIES
    ) -> None:
        self._client = client
        self._owner = owner
        self.capabilities = replace(
            capabilities,
            signed_urls=capabilities.signed_urls and client.account.key is not None,
            credentials=capabilities.credentials and client.account.key is not None,
            nested_keys=capabilities.nested_keys and not client.account.hierarchical,
        )

    # buckets

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        """`Busy` while Azure still deletes one of that name, for half a minute or more."""
        if name is None:
            refuse("buckets without a name")
        if versioning is not Versioning.OFF:
            refuse("versions")
        check_container_name(name)
        try:
            with translated(name, changes=True):
                await self._client.container(name).create_container(**ONCE)
        except BucketNotFound as error:
            raise Busy(f"The bucket {name!r} is still being deleted.", bucket=name) from error
        return await self.get_bucket(name)

    async def get_bucket(self, bucket: str) -> BucketRecord:
        name = self._name(bucket)
        with translated(name):
            return self._record(await self._client.container(name).get_container_properties())

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        """Azure deletes a container with all it holds, so unforced it is looked at before.

        What is written between the look and the deletion goes too: a lease keeps nobody from
        writing, and no condition on a container knows its blobs. An account can be told to
        keep deleted containers for some days.
        """
        # Refusing would be safer for that moment alone: who must force looks at nothing.
        name = self._name(bucket)
        if not force and (await self._page(name, limit=1)).entries:
            usage = await self.usage(name)
            raise BucketNotEmpty(f"The bucket {name!r} holds blobs.", bucket=name, usage=usage)
        with translated(name, changes=True):
            await self._client.container(name).delete_container(**ONCE)

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        with translated():
            held = [self._record(each) async for each in self._client.service.list_containers()]
        for record in sorted(held, key=lambda record: record.id):
            yield record

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        """Public is what anybody may read; to list it stays the account's own."""
        name = self._name(bucket)
        container = self._client.container(name)
        with translated(name, changes=True):
            held = await container.get_container_access_policy()
            policies = {each.id: each.access_policy for each in held["signed_identifiers"]}
            await container.set_container_access_policy(
                policies, public_access="blob" if public_access else None
            )
        return await self.get_bucket(name)

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        record = await self.get_bucket(bucket)
        if versioning is not Versioning.OFF:
            refuse("versions")
        return record

    def _record(self, found: ContainerProperties) -> BucketRecord:
        return BucketRecord(
            found.name,
            self._owner,
            found.name,
            found.last_modified,
            Versioning.OFF,
            public_access=found.public_access is not None,
        )

    def _name(self, bucket: str) -> str:
        return bucket_name(bucket, self._owner, check_container_name)

    # blobs

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        name = self._name(bucket)
        check_key(key)
        check_options(options)
        try:
            return await send(self._client, name, key, source, options)
        except BlobNotFound as error:
            raise _unmet(error, name, key, options.precondition) from error

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> DownloadReading:
        name = self._name(bucket)
        check_key(key)
        check_current(revision)
        start, end = checked_span(span)
        if start == end:
            return await self._nothing(name, key, start)
        try:
            download = await self._client.get(name, key, start=start, end=end)
        except InvalidArgument as error:
            if error.status != 416:
                raise
            return await self._nothing(name, key, start)
        headers = download.headers
        tags = await self._tags(name, key) if said.has_tags(headers) else {}
        md5 = None if download.announced is None else download.announced.digest
        found = said.opened(key, headers, download.size, md5, tags)
        return DownloadReading(found, download.span, download)

    async def _nothing(self, name: str, key: str, start: int) -> DownloadReading:
        found = await self.head(name, key)
        at = min(start, found.size)
        return DownloadReading(found, (at, at), None)

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        name = self._name(bucket)
        check_key(key)
        check_current(revision)
        found = await self._client.properties(name, key)
        return said.revision(found, await self._tags(name, key) if found.tag_count else {})

    async def _tags(self, name: str, key: str) -> Mapping[str, str]:
        if not self._client.account.native_tags:
            return {}
        with translated(name, key):
            tags: Mapping[str, str] = await self._client.blob(name, key).get_blob_tags()
            return tags

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        """A blob that has snapshots stays: `Conflict`."""
        name = self._name(bucket)
        check_key(key)
        check_current(revision)
        check_condition(precondition)
        try:
            await self._delete(name, key, precondition)
        except BlobNotFound as error:
            raise _unmet(error, name, key, precondition) from error
        return None

    async def _delete(self, name: str, key: str, precondition: Precondition) -> None:
        conditions = {**said.conditions(precondition, name, key), **ONCE}
        with translated(name, key, changes=True):
            await self._client.blob(name, key).delete_blob(**conditions)

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        name, rest = self._name(bucket), iter(keys)
        await self.get_bucket(name)
        done: list[Deletion] = []
        while some := list(islice(rest, _AT_ONCE)):
            done += await asyncio.gather(*(self._deletion(name, key) for key in some))
        return done

    async def _deletion(self, name: str, key: str) -> Deletion:
        try:
            check_key(key)
            await self._delete(name, key, ALWAYS)
        except BlobNotFound:
            return Deletion(key)
        except HoldallError as error:
            return Deletion(key, error=error)
        return Deletion(key)

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
        """The bytes move through here where the content type is to be another one."""
        name, to_name = self._name(bucket), self._name(to_bucket)
        check_key(key)
        check_key(to_key)
        check_current(revision)
        check_options(options)
        await self.get_bucket(to_name)
        source = await self.head(name, key)
        check_source(source, options.source, name)
        return await copy(self._client, source, (name, key), (to_name, to_key), options)

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
        return await self._page(name, prefix, delimiter, after, limit)

    async def _page(
        self, name: str, prefix: str = "", delimiter: str = "", after: str = "", limit: int = 1000
    ) -> Page:
        return await Listing(self._client, name, limit, after).page(prefix, delimiter, after)

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
        await self.head(bucket, key)
        refuse("versions")

    async def undelete(self, bucket: str, key: str) -> Revision:
        await self.head(bucket, key)
        refuse("versions")

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        name = self._name(bucket)
        check_key(key)
        check_current(revision)
        check_options(PutOptions(tags=tags))
        await set_tags(self._client, name, key, tags)

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
        """A service SAS for one blob. A PUT has to say `x-ms-blob-type: BlockBlob`."""
        name = self._name(bucket)
        check_key(key)
        if not self.capabilities.signed_urls:
            refuse("signed URLs without the account's key")
        if method not in _METHODS:
            refuse(f"signed URLs for {method}")
        url = self._client.blob(name, key).url
        good = timedelta(seconds=expires_in)
        saved_as = None if download_name is None else attachment(download_name)
        account = self._client.account
        return account.signed(url, name, key, _METHODS[method], good, saved_as)

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        """A shared access signature that reads and writes in this bucket only, for an hour."""
        name = self._name(bucket)
        if not self.capabilities.credentials:
            refuse("credentials for one bucket, without the account's key")
        await self.get_bucket(name)
        return granting.granted(self._client.account, name)

    async def usage(self, bucket: str) -> Usage:
        """Counted by listing all of it: Azure keeps no account."""
        name, total = self._name(bucket), Usage()
        with translated(name):
            async for blob in self._client.container(name).list_blobs():
                total += Usage(1, blob.size, 1, blob.size)
        return total

    async def aclose(self) -> None:
        await self._client.aclose()

    def _refuse_for(self, bucket: str, key: str, what: str) -> NoReturn:
        self._name(bucket)
        check_key(key)
        refuse(what)


def _unmet(error: BlobNotFound, bucket: str, key: str, wanted: Precondition) -> HoldallError:
    """Where a blob was demanded, that there is none is what was not met."""
    if wanted.if_match is None:
        return error
    return PreconditionFailed("There is no blob.", bucket=bucket, key=key, expected=wanted.if_match)
