"""From what callers name (buckets, keys, URIs, clusters, owners) to a `Place`."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL

from holdall.backends.protocol import Backend
from holdall.client.clusters import Cluster, Clusters
from holdall.client.connection import Opened
from holdall.client.place import Place
from holdall.client.values.bucket import Bucket, bucket_of
from holdall.core.errors import InvalidArgument
from holdall.core.names import parse_bucket_ref
from holdall.core.uris import ORG, BlobURI, parse, parse_glob
from holdall.core.values import BucketRecord


@dataclass(frozen=True, slots=True)
class Known:
    """A bucket, and the cluster that knows of it, whoever keeps its bytes."""

    cluster: Cluster
    opened: Opened
    record: BucketRecord

    @property
    def home(self) -> Backend:
        """What can change and delete the bucket itself."""
        return self.opened.backend

    @property
    def bucket(self) -> Bucket:
        return placed(self.cluster, self.opened, self.record)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its blobs are kept by another provider than all others here."""
        return self.record.provider not in ("", self.opened.provider.value)

    async def keeper(self) -> Backend:
        """What reaches its blobs."""
        if self.opened.accounts is None or not self.is_elsewhere:
            return self.home
        return await self.opened.accounts.backend_of(self.record)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Finds buckets in the clusters of a client."""

    clusters: Clusters

    async def known(self, id_or_name: str, cluster_name: str | None, owner: str | None) -> Known:
        """A bucket. `owner` counts for a name only; None is the caller."""
        if id_or_name.startswith("blob:"):
            raise InvalidArgument(
                "a bucket goes by its id or name here, not by a URI", uri=id_or_name
            )
        cluster = self.clusters.of(cluster_name)
        opened = await cluster.connection.opened()
        by_name = owner is not None and parse_bucket_ref(id_or_name).id is None
        reference = f"{owner}/{id_or_name}" if by_name else id_or_name
        return Known(cluster, opened, await opened.backend.get_bucket(reference))

    async def bucket(
        self, id_or_name: str, cluster_name: str | None, owner: str | None, *, key: str = ""
    ) -> Place:
        """A key of a bucket, where its blobs can be reached."""
        known = await self.known(id_or_name, cluster_name, owner)
        return Place(await known.keeper(), known.bucket, key)

    async def named(self, uri: URL | str) -> tuple[Known, str]:
        """The bucket and the key that a `blob:` URI names; nobody is asked for its blobs."""
        parsed = parse(uri, org_clusters=self.clusters.with_orgs)
        return await self.known(parsed.bucket, parsed.cluster, parsed.owner), parsed.key

    async def uri(self, uri: URL | str) -> Place:
        """The place that a `blob:` URI names."""
        parsed = parse(uri, org_clusters=self.clusters.with_orgs)
        return await self._place(parsed, parsed.key)

    async def glob(self, uri: URL | str) -> Place:
        """The bucket of a `blob:` URI, with its pattern in the key's place."""
        return await self._place(*parse_glob(uri, org_clusters=self.clusters.with_orgs))

    async def _place(self, parsed: BlobURI, key: str) -> Place:
        return await self.bucket(parsed.bucket, parsed.cluster, parsed.owner, key=key)


def placed(cluster: Cluster, opened: Opened, record: BucketRecord) -> Bucket:
    """A backend's bucket, in its cluster."""
    owned_by = record.owner.removeprefix(ORG) if record.owner.startswith(ORG) else None
    provider = Bucket.Provider(record.provider) if record.provider else opened.provider
    return bucket_of(
        record, cluster_name=cluster.name, org_name=owned_by or cluster.org, provider=provider
    )
