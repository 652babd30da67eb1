"""The clusters that commands know: those of the user's `holdall.toml`, and the store or the
server that is named beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from holdall.cli.environment import options_for
from holdall.cli.options import DEFAULT_STORE, STORE_VARIABLE
from holdall.client import config
from holdall.client.client import Client
from holdall.client.clusters import Cluster, Clusters
from holdall.client.config import Config
from holdall.client.opening import LOCAL, cluster_at, clusters_of, configured
from holdall.core.errors import InvalidArgument

_FAR: Final = "://"
_SERVERS: Final = "http://", "https://"
_BEGIN: Final = (
    "no store at {}: make one with 'holdall mb NAME', or say where it is with --store or "
    + STORE_VARIABLE
)
NO_KEY: Final = (
    "no key for {0}: 'holdall login {0}', or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)


def config_path() -> Path:
    """The file: in `$XDG_CONFIG_HOME`, else in `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "holdall" / "holdall.toml" if base else config.default_path()


def with_orgs() -> frozenset[str]:
    """The clusters whose URIs name an organisation."""
    known = config.load(config_path()).clusters
    return frozenset(name for name, cluster in known.items() if cluster.org is not None)


def client_for(store: str, *, may_create: bool) -> Client:
    """A client of the store that was named, else of the current cluster, else of the directory
    that is a store by default. URIs can name every configured cluster."""
    known = config.load(config_path())
    if store == DEFAULT_STORE and known.current is not None:
        return Client.of(clusters_of(known))
    if _FAR in store:
        return beside(_far(store, known), known)
    return beside(cluster_at(Path(store), create=may_create), known)


def absent(store: str) -> str:
    """What to say where there is no store at `store`, and how there will be one."""
    return (unchosen() if store == DEFAULT_STORE else None) or _BEGIN.format(store)


def unchosen() -> str | None:
    """What to say where clusters are known and none of them is the current one."""
    known = config.load(config_path())
    if known.current is not None or not known.clusters:
        return None
    names = ", ".join(known.clusters)
    return f"no cluster is the current one: 'holdall cluster use NAME' chooses one of {names}"


def _far(store: str, known: Config) -> Cluster:
    """A place at an address. `InvalidArgument` for a server that no key is known of."""
    options = options_for(store)
    current = cluster_at(store, **options)
    if not store.lower().startswith(_SERVERS) or options:
        return current
    address = store.rstrip("/")
    found = (each for each in known.clusters.values() if each.where.rstrip("/") == address)
    remembered = next((each for each in found if each.access_key is not None), None)
    if remembered is None:
        raise InvalidArgument(NO_KEY.format(address))
    return next(configured(Config({LOCAL: remembered})))


def beside(current: Cluster, known: Config) -> Client:
    """A client whose current cluster is none of those that are configured, which it knows."""
    return Client.of(Clusters([current, *_others(known)], LOCAL))


def _others(known: Config) -> Iterator[Cluster]:
    return (each for each in configured(known) if each.name != LOCAL)
