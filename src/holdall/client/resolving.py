"""From what callers name (buckets, keys, URIs, clusters, owners) to a `Place`."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL

from holdall.client.connection import Connection
from holdall.client.place import Place
from holdall.client.values.bucket import Bucket, bucket_of
from holdall.core.errors import NotFound, NotSupported
from holdall.core.names import parse_bucket_ref
from holdall.core.uris import BlobURI, parse, parse_glob
from holdall.core.values import BucketRecord


@dataclass(frozen=True, slots=True)
class Resolver:
    """Knows the one cluster of a client and finds buckets in it."""

    connection: Connection
    cluster_name: str

    async def bucket(
        self, id_or_name: str, cluster_name: str | None, owner: str | None, *, key: str = ""
    ) -> Place:
        """A key of a bucket. `owner` counts for a name only; None is the caller."""
        self.demand_cluster(cluster_name)
        backend = await self.connection.backend()
        by_name = owner is not None and parse_bucket_ref(id_or_name).id is None
        reference = f"{owner}/{id_or_name}" if by_name else id_or_name
        return Place(backend, self.placed(await backend.get_bucket(reference)), key)

    async def uri(self, uri: URL | str) -> Place:
        """The place that a `blob:` URI names."""
        parsed = parse(uri)
        return await self._place(parsed, parsed.key)

    async def glob(self, uri: URL | str) -> Place:
        """The bucket of a `blob:` URI, with its pattern in the key's place."""
        return await self._place(*parse_glob(uri))

    async def _place(self, parsed: BlobURI, key: str) -> Place:
        self.demand_no_org(parsed.org)
        return await self.bucket(parsed.bucket, parsed.cluster, parsed.owner, key=key)

    def placed(self, record: BucketRecord) -> Bucket:
        """A backend's bucket, in this cluster."""
        return bucket_of(record, cluster_name=self.cluster_name)

    def demand_cluster(self, name: str | None) -> None:
        """`NotFound` for another cluster than this client's; None is the current one."""
        if name not in (None, self.cluster_name):
            known = self.cluster_name
            raise NotFound(f"no cluster {name!r}, only {known!r}", expected=known, actual=name)

    def demand_no_org(self, name: str | None) -> None:
        """`NotSupported` for an organisation: a directory has none."""
        if name is not None:
            raise NotSupported(f"organisation {name!r}: organisations need a server", actual=name)
