"""`client.buckets`: the names users know, each handed to the module of its verb."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from yarl import URL

from holdall.backends.accounts import Accounts
from holdall.backends.protocol import Reading, RevisionRef
from holdall.client import copying, finding, globbing, listing, measuring, watching
from holdall.client.courier import Courier
from holdall.client.download import Download, Manner
from holdall.client.filtering import Filters
from holdall.client.landing import Claims
from holdall.client.local import LocalPlace, local_path, local_target
from holdall.client.progress import (
    AbstractDeleteProgress,
    AbstractFileProgress,
    AbstractRecursiveFileProgress,
)
from holdall.client.removal import remove
from holdall.client.reporting import Reporter
from holdall.client.resolving import Resolver, placed
from holdall.client.streams import Stream
from holdall.client.tree_download import TreeDownload
from holdall.client.tree_upload import Filter, TreeUpload
from holdall.client.upload import upload_file
from holdall.client.values.bucket import Bucket, provider_of
from holdall.client.values.credentials import (
    BucketCredentials,
    PersistentBucketCredentials,
    bucket_credentials_of,
    persistent_credentials_of,
)
from holdall.client.values.entry import BlobObject, BucketEntry, blob_of
from holdall.client.values.usage import BucketUsage
from holdall.core.errors import InvalidArgument
from holdall.core.sources import Source
from holdall.core.values import (
    Event,
    Precondition,
    PutOptions,
    Span,
    Versioning,
)

Uri = URL | str


class Buckets:
    """Buckets and blobs of all clusters that the client knows.

    A bucket is named by its id or its name; `bucket_owner` counts for a name only and
    defaults to the caller. `cluster_name` None is the current cluster, one that the client
    does not know is `NotFound`. A missing bucket raises `BucketNotFound`, a missing blob
    `BlobNotFound`; both are `ResourceNotFound`. URIs are `blob:` URIs, as text or as
    `yarl.URL`; local places are paths, plain or as `file:` URLs.
    """

    def __init__(self, resolver: Resolver, courier: Courier | None = None) -> None:
        self._resolver = resolver
        self._courier = courier or Courier()

    # buckets

    def list(self, cluster_name: str | None = None) -> Stream[Bucket]:
        """The caller's buckets, by name, unnamed ones last."""

        async def opening() -> AsyncGenerator[Bucket, None]:
            cluster = self._resolver.clusters.of(cluster_name)
            opened = await cluster.connection.opened()
            records = opened.backend.list_buckets()
            return (placed(cluster, opened, record) async for record in records)

        return Stream(opening)

    async def create(
        self,
        name: str | None = None,
        cluster_name: str | None = None,
        org_name: str | None = None,
        *,
        versioned: bool = True,
    ) -> Bucket:
        """Make a bucket; without a name it goes by its id, which a server refuses.

        `org_name` is an organisation that the caller manages, by default the cluster's; the
        bucket is then its own. A bucket that is not `versioned` keeps no revision that was
        replaced or deleted. `BucketExists` when the owner has one of this name,
        `InvalidBucketName`.
        """
        cluster = self._resolver.clusters.of(cluster_name)
        opened = await cluster.connection.opened()
        versioning = Versioning.ENABLED if versioned else Versioning.OFF
        org = org_name or cluster.org
        if org is None:
            record = await opened.backend.create_bucket(name, versioning=versioning)
        else:
            accounts = await cluster.connection.accounts(f"organisation {org!r}")
            record = await accounts.create_bucket(name, org=org, versioning=versioning)
        return placed(cluster, opened, record)

    async def import_external(
        self,
        provider: Bucket.Provider | str,
        provider_bucket_name: str,
        credentials: Mapping[str, str],
        name: str | None = None,
        cluster_name: str | None = None,
        org_name: str | None = None,
    ) -> Bucket:
        """Make a bucket at another provider known here, by default under the name it has there.

        `credentials` are fields as `request_tmp_credentials` gives them out for that provider;
        they are tried, and kept sealed for nobody to see. `InvalidArgument` when the provider
        refuses them or has no such bucket, and for a provider that is not in `Bucket.Provider`;
        `NotSupported` without a server, and for a provider that it does not know.
        """
        kept_by = provider_of(provider)
        cluster = self._resolver.clusters.of(cluster_name)
        accounts = await cluster.connection.accounts("importing a bucket")
        record = await accounts.import_bucket(
            name or provider_bucket_name,
            org=org_name or cluster.org,
            provider=kept_by.value,
            provider_bucket=provider_bucket_name,
            credentials=credentials,
        )
        return placed(cluster, await cluster.connection.opened(), record)

    async def get(
        self,
        bucket_id_or_name: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> Bucket:
        """A bucket by its id or name."""
        return (await self._resolver.known(bucket_id_or_name, cluster_name, bucket_owner)).bucket

    async def rm(
        self,
        bucket_id_or_name: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
        *,
        force: bool = False,
    ) -> None:
        """Delete a bucket. `BucketNotEmpty` says what it holds, old revisions included;
        `force` deletes all of it with the bucket. Of an imported bucket only the record goes,
        with the credentials: what its provider holds stays."""
        known = await self._resolver.known(bucket_id_or_name, cluster_name, bucket_owner)
        await known.home.delete_bucket(known.record.id, force=force)

    async def set_public_access(
        self,
        bucket_id_or_name: str,
        public_access: bool,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> Bucket:
        """Say whether anybody may read the bucket. A directory records it for its server."""
        known = await self._resolver.known(bucket_id_or_name, cluster_name, bucket_owner)
        return replace(
            known, record=await known.home.set_public_access(known.record.id, public_access)
        ).bucket

    async def set_versioning(
        self,
        bucket_id_or_name: str,
        versioning: Versioning,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> Bucket:
        """Say what writes do with the revision they replace."""
        known = await self._resolver.known(bucket_id_or_name, cluster_name, bucket_owner)
        return replace(
            known, record=await known.home.set_versioning(known.record.id, versioning)
        ).bucket

    def get_disk_usage(
        self,
        bucket_id_or_name: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> Stream[BucketUsage]:
        """Running totals of what a bucket holds, at least once; the last one is whole."""

        async def opening() -> AsyncGenerator[BucketUsage, None]:
            place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
            return measuring.totals(place)

        return Stream(opening)

    # blobs, by bucket and key

    async def head_blob(
        self,
        bucket_id_or_name: str,
        key: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
        *,
        revision: RevisionRef = None,
    ) -> BlobObject:
        """The metadata of a blob, or of one of its revisions (number or version)."""
        place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
        found = await place.backend.head(place.bucket.id, key, revision=revision)
        return blob_of(place.bucket, found)

    async def put_blob(
        self,
        bucket_id_or_name: str,
        key: str,
        body: Source,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> BlobObject:
        """Store `body` as the newest revision of `key`: all of it or nothing.

        `body` is bytes, a path, a handle, a sync or async iterable of bytes, or a function
        that returns one; an item that is not bytes is `InvalidArgument`. `content_type`
        None is guessed. `if_match` and `if_none_match` are entity tags or `*` (RFC 9110,
        13.1); `PreconditionFailed` when they do not hold.
        """
        if isinstance(body, str):  # whoever passes a visitor's text must not send a file
            raise InvalidArgument("a body is not text: encode it, or name a file with a Path")
        place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
        options = PutOptions(
            content_type=content_type,
            metadata=metadata or {},
            tags=tags or {},
            precondition=Precondition(if_match=if_match, if_none_match=if_none_match),
        )
        stored = await place.backend.put(place.bucket.id, key, body, options=options)
        return blob_of(place.bucket, stored)

    def fetch_blob(
        self,
        bucket_id_or_name: str,
        key: str,
        offset: int = 0,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
        *,
        revision: RevisionRef = None,
    ) -> Stream[bytes]:
        """The bytes of a blob from `offset` on; at or past its end there are none.

        What is read is one revision to its end, whatever is written or deleted meanwhile.
        """

        async def opening() -> Reading:
            if offset < 0:
                raise InvalidArgument(f"offset {offset} is negative", offset=offset)
            place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
            return await place.backend.open(
                place.bucket.id, key, revision=revision, span=Span(offset)
            )

        return Stream(opening)

    async def delete_blob(
        self,
        bucket_id_or_name: str,
        key: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> None:
        """Remove a blob; a versioned bucket keeps its revisions."""
        place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
        await place.backend.delete(place.bucket.id, key)

    async def delete_all_revisions(
        self,
        bucket_id_or_name: str,
        key: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> int:
        """Remove a blob with its history, for good; how many revisions went."""
        place = await self._resolver.bucket(bucket_id_or_name, cluster_name, bucket_owner)
        return await place.backend.delete_all_revisions(place.bucket.id, key)

    # blobs, by URI

    def list_blobs(
        self,
        uri: Uri,
        recursive: bool = False,
        limit: int | None = 10000,
        *,
        at: datetime | None = None,
    ) -> Stream[BucketEntry]:
        """At most `limit` blobs (None: all) whose keys begin with the URI's, in byte order.

        Unless `recursive`, keys that go on beyond the next `/` become one
        `BlobCommonPrefix`, which counts as one. `at` lists the bucket as it stood then.
        """

        async def opening() -> AsyncGenerator[BucketEntry, None]:
            if limit is not None and limit < 0:
                raise InvalidArgument(f"limit {limit} is negative", limit=limit)
            delimiter = "" if recursive else "/"
            place = await self._resolver.uri(uri)
            return listing.list_entries(place, delimiter=delimiter, limit=limit, at=at)

        return Stream(opening)

    def glob_blobs(self, uri: Uri) -> Stream[BucketEntry]:
        """Blobs whose keys match the URI's pattern, in byte order.

        `*`, `?` and `[…]` stay within one `/`-separated part; `**` is any number of parts.
        """

        async def opening() -> AsyncGenerator[BucketEntry, None]:
            return globbing.glob_entries(await self._resolver.glob(uri))

        return Stream(opening)

    async def blob_is_dir(self, uri: Uri) -> bool:
        """Whether any blob is below this name; a blob of the very name does not matter."""
        return await finding.is_folder(await self._resolver.uri(uri))

    async def blob_rm(
        self,
        uri: Uri,
        *,
        recursive: bool = False,
        progress: AbstractDeleteProgress | None = None,
    ) -> None:
        """Remove a blob, or with `recursive` everything below the name.

        `IsADirectory` (an `IsADirectoryError`) for a directory without `recursive`. Where
        `foo` and `foo/…` both are, `foo` removes the blob and `foo/` the directory.
        """
        await remove(await self._resolver.uri(uri), recursive=recursive, report=Reporter(progress))

    def revisions(self, uri: Uri) -> Stream[BlobObject]:
        """Every revision of a blob, newest first, delete markers included."""

        async def opening() -> AsyncGenerator[BlobObject, None]:
            return listing.list_revisions(await self._resolver.uri(uri))

        return Stream(opening)

    async def restore(self, uri: Uri, revision: int | str) -> BlobObject:
        """Make an old revision's content the newest revision."""
        place = await self._resolver.uri(uri)
        restored = await place.backend.restore(place.bucket.id, place.key, revision)
        return blob_of(place.bucket, restored)

    async def undelete(self, uri: Uri) -> BlobObject:
        """Bring a deleted blob back as it was. `Conflict` when it is not deleted."""
        place = await self._resolver.uri(uri)
        return blob_of(place.bucket, await place.backend.undelete(place.bucket.id, place.key))

    async def set_tags(
        self, uri: Uri, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        """Replace the tags of a blob, or of one of its revisions."""
        place = await self._resolver.uri(uri)
        await place.backend.set_tags(place.bucket.id, place.key, tags, revision=revision)

    def watch(self, uri: Uri, *, after: int | None = None) -> Stream[Event]:
        """What happens to a blob, or to all below a name, and to the bucket itself, without end.

        It listens once it is entered: for what happens from there on, or for all after the
        event whose `seq` is `after`, 0 being before the oldest. `HistoryGone` where some of
        them are forgotten, `NotSupported` at a provider.
        """

        async def opening() -> AsyncGenerator[Event, None]:
            return await watching.watch(*await self._resolver.named(uri), after)

        return Stream(opening)

    async def copy(
        self,
        src: Uri,
        dst: Uri,
        *,
        revision: RevisionRef = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> BlobObject:
        """Make a blob's content the newest revision of another key, in any cluster.

        No bytes move within a store; between two they stream through here. `if_match` and
        `if_none_match` speak of the destination.
        """
        source, target = await self._resolver.uri(src), await self._resolver.uri(dst)
        precondition = Precondition(if_match=if_match, if_none_match=if_none_match)
        copied = await copying.copy(source, target, revision, precondition)
        return blob_of(target.bucket, copied)

    async def move(self, src: Uri, dst: Uri) -> BlobObject:
        """Give a blob another name, in one step where the store can.

        Else it is copied, and then deleted if it is still what was copied: `PreconditionFailed`
        leaves both. `NotSupported` where such a deletion cannot be demanded.
        """
        source, target = await self._resolver.uri(src), await self._resolver.uri(dst)
        return blob_of(target.bucket, await copying.move(source, target))

    # transfers

    async def upload_file(
        self,
        src: LocalPlace,
        dst: Uri,
        *,
        update: bool = False,
        progress: AbstractFileProgress | None = None,
    ) -> None:
        """Store a local file as a blob; one that changes while it is read is `Conflict`.

        `update`: only when the file was modified after the blob, or there is no blob.
        """
        place = await self._resolver.uri(dst)
        await upload_file(
            local_path(src),
            place,
            update=update,
            report=Reporter(progress),
            courier=self._courier,
        )

    async def download_file(
        self,
        src: Uri,
        dst: LocalPlace,
        *,
        update: bool = False,
        continue_: bool = False,
        progress: AbstractFileProgress | None = None,
        revision: RevisionRef = None,
    ) -> None:
        """Write a blob to a local file, which is replaced whole or stays as it was.

        `update`: only when the blob was committed after the file was modified, or there is
        no file. `continue_`: append what is missing to a file that is not older, not longer
        and begins with the same bytes; else write all of it. `revision` is one of the blob's,
        by number or version.
        """
        blob_place = await self._resolver.uri(src)
        blob = await finding.demand_blob(blob_place, revision=revision)
        download = Download(
            blob_place,
            blob,
            local_target(dst),
            report=Reporter(progress),
            claims=Claims(),
            revision=revision,
            courier=self._courier,
        )
        await download.run(Manner(update, continue_))

    async def upload_dir(
        self,
        src: LocalPlace,
        dst: Uri,
        *,
        update: bool = False,
        filter: Filter | None = None,
        ignore_file_names: AbstractSet[str] = frozenset(),
        progress: AbstractRecursiveFileProgress | None = None,
    ) -> None:
        """Store everything below a local directory below a name; links are followed.

        `filter` is awaited with each path below `src`, a directory's ending in `/`; what it
        denies is skipped with all below it, and so is what files named in `ignore_file_names`
        say, in git's manner, of the directory they are in. An empty directory is kept as a
        blob without bytes whose key ends in `/`. What fails is reported and the rest goes on;
        at the end one error holds it all in `failed`. `update` as for `upload_file`.
        """
        upload = TreeUpload(
            await self._resolver.uri(dst),
            update=update,
            wanted=filter,
            report=Reporter(progress),
            courier=self._courier,
            filters=Filters(ignore_files=ignore_file_names),
        )
        await upload.run(local_path(src))

    async def download_dir(
        self,
        src: Uri,
        dst: LocalPlace,
        *,
        update: bool = False,
        continue_: bool = False,
        filter: Filter | None = None,
        progress: AbstractRecursiveFileProgress | None = None,
        at: datetime | None = None,
    ) -> None:
        """Write everything below a name into a local directory, nothing outside it.

        A key that is no path below `dst` (absolute, with `..`, `.`, an empty part, NUL or a
        drive letter), or whose path another key has, fails by name and the rest goes on; at
        the end one error holds all failures in `failed`. `filter`, `update` and `continue_`
        as for the other transfers; `at` is a time: the bucket as it stood then.
        """
        root = await finding.demand_folder(await self._resolver.uri(src), at=at)
        download = TreeDownload(
            root,
            local_path(dst),
            manner=Manner(update, continue_),
            wanted=filter,
            at=at,
            report=Reporter(progress),
            courier=self._courier,
        )
        await download.run()

    # access

    async def request_tmp_credentials(
        self,
        bucket_id_or_name: str,
        cluster_name: str | None = None,
        bucket_owner: str | None = None,
    ) -> BucketCredentials:
        """Credentials for a while that reach this bucket only, and no further than one's own.

        Of a server, and of buckets that speak S3, they are `bucket_name`, `region_name`,
        `endpoint_url`, `access_key_id`, `secret_access_key`, `session_token`, `expiration`; of
        Azure `bucket_name`, `storage_endpoint`, `sas_token`, `expiry`; of Google `bucket_name`,
        `project`, `access_token`, `expire_time`. `NotSupported` for a directory, and where the
        provider makes none for one bucket.
        """
        known = await self._resolver.known(bucket_id_or_name, cluster_name, bucket_owner)
        return bucket_credentials_of(await known.home.temporary_credentials(known.record.id))

    async def make_signed_url(
        self,
        uri: Uri,
        expires_in_seconds: int = 3600,
        *,
        method: str = "GET",
        download_name: str | None = None,
    ) -> URL:
        """A URL that lets its bearer do one thing with a blob for a while: read it (GET, HEAD),
        write it (PUT) or delete it (DELETE). `NotSupported` for a directory.

        A browser that follows it saves the blob under `download_name`, where there is one.
        """
        known, key = await self._resolver.named(uri)
        signed = await known.home.sign_url(
            known.record.id,
            key,
            method=method,
            expires_in=expires_in_seconds,
            download_name=download_name,
        )
        return URL(signed, encoded=True)

    def persistent_credentials_list(
        self, cluster_name: str | None = None
    ) -> Stream[PersistentBucketCredentials]:
        """The caller's lasting credentials, without their secrets. `NotSupported` for a
        directory."""

        async def opening() -> AsyncGenerator[PersistentBucketCredentials, None]:
            cluster, accounts = await self._lasting(cluster_name)
            held = accounts.list_credentials()
            return (persistent_credentials_of(each, cluster) async for each in held)

        return Stream(opening)

    async def persistent_credentials_create(
        self,
        bucket_ids: Iterable[str],
        name: str | None = None,
        read_only: bool | None = False,
        cluster_name: str | None = None,
    ) -> PersistentBucketCredentials:
        """Make lasting credentials to some buckets; here alone they are told with their secret.

        `Conflict` when the caller has others of that name; `NotSupported` for a directory.
        """
        if isinstance(bucket_ids, str):
            raise InvalidArgument("bucket_ids are several: give a list", actual=bucket_ids)
        cluster, accounts = await self._lasting(cluster_name)
        made = await accounts.create_credentials(bucket_ids, name=name, read_only=bool(read_only))
        return persistent_credentials_of(made, cluster)

    async def persistent_credentials_get(
        self, credential_id_or_name: str, cluster_name: str | None = None
    ) -> PersistentBucketCredentials:
        """Lasting credentials by id or name, without their secret. `ResourceNotFound`,
        `NotSupported` for a directory."""
        cluster, accounts = await self._lasting(cluster_name)
        found = await accounts.get_credentials(credential_id_or_name)
        return persistent_credentials_of(found, cluster)

    async def persistent_credentials_rm(
        self, credential_id_or_name: str, cluster_name: str | None = None
    ) -> None:
        """Revoke lasting credentials, at once. `ResourceNotFound`, `NotSupported` for a
        directory."""
        _, accounts = await self._lasting(cluster_name)
        await accounts.delete_credentials(credential_id_or_name)

    async def _lasting(self, cluster_name: str | None) -> tuple[str, Accounts]:
        cluster = self._resolver.clusters.of(cluster_name)
        return cluster.name, await cluster.connection.accounts("lasting credentials")
