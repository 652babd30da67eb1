"""The clusters that a client knows by name, one of which is the current one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from holdall.client.connection import Connection
from holdall.core.errors import InvalidArgument, NotFound
from holdall.core.uris import check_cluster_name


@dataclass(frozen=True, slots=True)
class Cluster:
    """A holder of buckets. `username` is who asks there, `org` the organisation that new
    buckets are for and that URIs of this cluster name."""

    name: str
    connection: Connection
    username: str
    org: str | None = None

    def __post_init__(self) -> None:
        check_cluster_name(self.name)


class Clusters:
    """Opened one by one, when they are first used."""

    def __init__(self, clusters: Iterable[Cluster], current: str) -> None:
        self._by_name = {cluster.name: cluster for cluster in clusters}
        if current not in self._by_name:
            raise InvalidArgument(f"there is no cluster {current!r}", actual=current)
        self.current = self._by_name[current]

    def of(self, name: str | None) -> Cluster:
        """The cluster of that name; None is the current one. `NotFound`."""
        found = self.current if name is None else self._by_name.get(name)
        if found is None:
            known = ", ".join(self._by_name)
            raise NotFound(f"no cluster {name!r}, only {known}", expected=known, actual=name)
        return found

    @property
    def with_orgs(self) -> frozenset[str]:
        """Those whose URIs name an organisation."""
        return frozenset(each.name for each in self._by_name.values() if each.org is not None)

    async def aclose(self) -> None:
        """Close each that was used, whichever of them fails. Harmless when repeated."""
        closing = (each.connection.aclose() for each in self._by_name.values())
        for result in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
