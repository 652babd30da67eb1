"""The client: one cluster, opened when it is first used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from holdall.client.buckets import Buckets
from holdall.client.connection import Connection, Opener
from holdall.client.resolving import Resolver


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

    async def check(self, *, scrub: bool = False) -> Sequence[Any]:
        """Every problem of the store, empty when it is sound; `scrub` reads all bytes.

        Like `sweep` and `backup` for a directory only; `NotSupported` elsewhere.
        """
        return await (await self._connection.maintenance()).check(scrub=scrub)

    async def sweep(self) -> Any:
        """Delete what deleted blobs and dead writers left behind."""
        return await (await self._connection.maintenance()).sweep()

    async def backup(self, path: str | os.PathLike[str]) -> Any:
        """Copy the store, while it is in use, to a directory that is missing or empty."""
        return await (await self._connection.maintenance()).backup(path)

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
