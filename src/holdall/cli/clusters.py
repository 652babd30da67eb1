"""The clusters that commands know: those of the user's `holdall.toml`, and the store or the
server that is named beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from holdall.cli.environment import options_for
from holdall.cli.options import DEFAULT_STORE
from holdall.client import config
from holdall.client.client import Client
from holdall.client.clusters import Cluster, Clusters
from holdall.client.config import Config
from holdall.client.opening import LOCAL, cluster_at, clusters_of, configured

_FAR: Final = "://"


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
        return beside(cluster_at(store, **options_for(store)), known)
    return beside(cluster_at(Path(store), create=may_create), known)


def beside(current: Cluster, known: Config) -> Client:
    """A client whose current cluster is none of those that are configured, which it knows."""
    return Client.of(Clusters([current, *_others(known)], LOCAL))


def _others(known: Config) -> Iterator[Cluster]:
    return (each for each in configured(known) if each.name != LOCAL)
