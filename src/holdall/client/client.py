"""The client: clusters by name, each opened when it is first used."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

from yarl import URL

from holdall.client import config
from holdall.client.buckets import Buckets
from holdall.client.clusters import Cluster, Clusters
from holdall.client.connection import Connection, Opener
from holdall.client.courier import Courier
from holdall.client.local import LocalPlace, local_path
from holdall.client.opening import LOCAL, Options, Where, cluster_at, clusters_of
from holdall.client.place import Place
from holdall.client.resolving import Resolver
from holdall.core.values import Problem, Sweep


class Client:
    """Clusters, and who is asking. Made by `holdall.connect`, without awaiting.

    `async with` closes it at its end; so does `aclose`, which may be repeated. Used
    afterwards it raises `Closed`. One client serves any number of tasks of one event loop.
    """

    def __init__(self, opener: Opener, *, username: str, cluster_name: str = LOCAL) -> None:
        cluster = Cluster(cluster_name, Connection(opener), username)
        self._hold(Clusters([cluster], cluster_name))

    def _hold(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._resolver = Resolver(clusters)
        self._buckets = Buckets(self._resolver)

    @classmethod
    def of(cls, clusters: Clusters) -> Self:
        """A client of several clusters, which become its own."""
        made = cls.__new__(cls)
        made._hold(clusters)
        return made

    @classmethod
    def from_config(cls, path: LocalPlace | None = None) -> Self:
        """A client of the clusters in a `holdall.toml`, by default the user's own.

        Reads the file, and connects to none of them. `InvalidArgument` for a file that cannot
        be understood, and where no cluster is the current one.
        """
        file = config.default_path() if path is None else local_path(path)
        return cls.of(clusters_of(config.load(file)))

    @property
    def buckets(self) -> Buckets:
        """Buckets and the blobs in them."""
        return self._buckets

    @property
    def username(self) -> str:
        """Who asks, and owns the buckets that this client makes; of a server or an account
        whose owner was not said it is the access key."""
        return self._clusters.current.username

    @property
    def cluster_name(self) -> str:
        """The current cluster; one without a configuration is `local`."""
        return self._clusters.current.name

    @property
    def org_name(self) -> str | None:
        """The current organisation, for which buckets are made; None: for oneself."""
        return self._clusters.current.org

    def buckets_carried_by(self, courier: Courier) -> Buckets:
        """The same buckets, with transfers within the courier's limits and by its means."""
        return Buckets(self._resolver, courier)

    async def place(self, uri: URL | str) -> Place:
        """What a `blob:` URI names: a key of a bucket in the open backend. For those who
        build on the client, such as `holdall.transfer`."""
        return await self._resolver.uri(uri)

    async def check(self, *, scrub: bool = False) -> Sequence[Problem]:
        """What is wrong with the store, nothing when it is sound; `scrub` reads all bytes.

        Like `sweep` and `backup` for a directory only; `NotSupported` elsewhere.
        """
        return await (await self._clusters.current.connection.maintenance()).check(scrub=scrub)

    async def sweep(self, *, dry_run: bool = False) -> Sweep:
        """Clear up after writers that died, and delete what nothing refers to."""
        return await (await self._clusters.current.connection.maintenance()).sweep(dry_run=dry_run)

    async def backup(self, path: LocalPlace, *, with_secrets: bool = False) -> int:
        """Copy the store, in use or not, to a new directory; how many payload files it holds.

        `with_secrets`: with the keys that a server keeps beside it, without which nobody
        reads what it encrypted.
        """
        maintenance = await self._clusters.current.connection.maintenance()
        return await maintenance.backup(local_path(path), with_secrets=with_secrets)

    async def aclose(self) -> None:
        """Let go of every cluster. Harmless when repeated."""
        await self._clusters.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def connect(where: Where | None = None, **options: Unpack[Options]) -> Client:
    """A client of one place. Nothing is opened before its first use.

    `where` and the options that each takes beside `owner`, who asks and owns what is made:

    - a directory: `create`, a store where there is none (else its first use raises
      `StoreNotFound`); `fsync` False: a power cut can lose large blobs that were acknowledged.
    - `https://HOST`, a Holdall server: `access_key` and `secret_key`, by default those that
      `holdall login` remembers; `session_token`, `region`, `org` to make buckets for.
    - `s3://`, an account at Amazon, or at `endpoint_url`: the same; by default botocore's.
      `provider`, `minio`, says that the token service there confines keys to one bucket.
    - `az://ACCOUNT`, an Azure storage account: `secret_key` or `sas_token`; `endpoint_url`.
    - `gs://PROJECT`, Google Cloud Storage: `credentials_file`, `endpoint_url`.

    `InvalidArgument` for no place and for options that it does not take, `NotSupported` for one
    that no backend reaches yet.
    """
    cluster = cluster_at(where, **options)
    return Client.of(Clusters([cluster], cluster.name))
