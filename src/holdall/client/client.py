"""The client: one cluster, opened when it is first used."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from holdall.client.buckets import Buckets
from holdall.client.connection import Connection, Opener
from holdall.client.local import LocalPlace, local_path
from holdall.client.resolving import Resolver
from holdall.core.values import Problem, Sweep


class Client:
    """A cluster and who is asking. Made by `holdall.connect`, without awaiting.

    `async with` closes it at its end; so does `aclose`, which may be repeated. Used
    afterwards it raises `Closed`. One client serves any number of tasks of one event loop.
    """

    def __init__(self, opener: Opener, *, username: str, cluster_name: str = "local") -> None:
        self._connection = Connection(opener)
        self._username = username
        self._cluster_name = cluster_name
        self._buckets = Buckets(Resolver(self._connection, cluster_name))

    @property
    def buckets(self) -> Buckets:
        """Buckets and the blobs in them."""
        return self._buckets

    @property
    def username(self) -> str:
        """Who owns the buckets that this client makes."""
        return self._username

    @property
    def cluster_name(self) -> str:
        """The cluster whose URIs this client understands; a directory is `local`."""
        return self._cluster_name

    @property
    def org_name(self) -> str | None:
        """The current organisation; a directory has none."""
        return None

    async def check(self, *, scrub: bool = False) -> Sequence[Problem]:
        """What is wrong with the store, nothing when it is sound; `scrub` reads all bytes.

        Like `sweep` and `backup` for a directory only; `NotSupported` elsewhere.
        """
        return await (await self._connection.maintenance()).check(scrub=scrub)

    async def sweep(self, *, dry_run: bool = False) -> Sweep:
        """Clear up after writers that died, and delete what nothing refers to."""
        return await (await self._connection.maintenance()).sweep(dry_run=dry_run)

    async def backup(self, path: LocalPlace) -> int:
        """Copy the store, in use or not, to a new directory; how many payload files it holds."""
        return await (await self._connection.maintenance()).backup(local_path(path))

    async def aclose(self) -> None:
        """Let go of the store. Harmless when repeated."""
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
