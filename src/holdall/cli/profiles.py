"""Profiles: which server commands speak to, and with which access key.

They are clusters that `holdall login` added to the user's `holdall.toml`; or they come from the
environment, or from the directory of a store whose server runs as the same user.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdall.cli.clusters import config_path
from holdall.cli.options import DEFAULT_STORE
from holdall.client import config
from holdall.client.config import ClusterConfig
from holdall.core.errors import InvalidArgument, NotFound
from holdall.s3.signing import Credentials

PROFILE: Final = "HOLDALL_PROFILE"
ENDPOINT: Final = "AWS_ENDPOINT_URL"
ACCESS_KEY: Final = "AWS_ACCESS_KEY_ID"
SECRET_KEY: Final = "AWS_SECRET_ACCESS_KEY"
TOKEN: Final = "AWS_SESSION_TOKEN"
REGION: Final = "AWS_DEFAULT_REGION"
DEFAULT: Final = "default"
_UNSERVED: Final = "no server of {0} is known: 'holdall serve' or 'holdall login' makes it so"
_NONE: Final = "no server is known: 'holdall login URL', or set {} and a key, or name a store"


@dataclass(frozen=True, slots=True)
class Profile:
    """A server and a key."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """By the names that tools of AWS look for."""
        found = {
            ENDPOINT: self.endpoint,
            ACCESS_KEY: self.access_key,
            SECRET_KEY: self.secret_key,
            REGION: self.region,
        }
        return found if self.session_token is None else found | {TOKEN: self.session_token}

    @property
    def exports(self) -> list[str]:
        """The same as lines of a shell."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.variables.items()]
        return lines if self.session_token else [*lines, f"unset {TOKEN}"]

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.access_key, self.secret_key, self.session_token)


def path() -> Path:
    """The file that they are kept in."""
    return config_path()


def save(name: str, profile: Profile, *, owner: str | None = None) -> Path:
    """Keep a profile under a name: the cluster of that name, made or replaced."""
    known = config.load(path())
    cluster = ClusterConfig(
        profile.endpoint,
        owner=owner,
        access_key=profile.access_key,
        secret_key=profile.secret_key,
        session_token=profile.session_token,
        region=profile.region,
    )
    config.save(path(), known.having(name, cluster))
    return path()


def find(name: str | None, store: str) -> Profile:
    """The profile to use: the one named, the environment's, that of the store's own server;
    that of the current cluster only where no store was said.

    `NotFound`.
    """
    chosen = name or os.environ.get(PROFILE)
    if chosen:
        return _named(chosen)
    found = _of_environment()
    if found is None and store == DEFAULT_STORE:
        found = _current()
    found = found or _at(store)
    if found is None:
        raise NotFound(
            _NONE.format(ENDPOINT) if store == DEFAULT_STORE else _UNSERVED.format(store)
        )
    return found


def _at(store: str) -> Profile | None:
    """The server of a store: of a directory, or the cluster at an address."""
    if "://" not in store:
        return of_store(Path(store))
    known = config.load(path()).clusters.values()
    found = (_profile(each) for each in known if each.where.rstrip("/") == store.rstrip("/"))
    return next(filter(None, found), None)


def of_store(store: Path) -> Profile | None:
    """The server that was last started on the store in a directory, with its root key."""
    try:
        server = json.loads((store / "server.json").read_text("utf-8"))
        key = json.loads((store / "access-key.json").read_text("utf-8"))
        return Profile(server["endpoint"], server["region"], key["access_key"], key["secret_key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _of_environment() -> Profile | None:
    found = [os.environ.get(name) for name in (ENDPOINT, ACCESS_KEY, SECRET_KEY)]
    endpoint, access_key, secret_key = found
    if not (endpoint and access_key and secret_key):
        return None
    region = os.environ.get(REGION) or "us-east-1"
    token = os.environ.get(TOKEN) or None
    return Profile(endpoint.rstrip("/"), region, access_key, secret_key, token)


def _named(name: str) -> Profile:
    cluster = config.load(path()).clusters.get(name)
    if cluster is None:
        raise NotFound(f"there is no profile {name!r}; 'holdall login' makes one")
    found = _profile(cluster)
    if found is None:
        raise InvalidArgument(f"{name!r} is no server with a key: {cluster.where}")
    return found


def _current() -> Profile | None:
    """None where the current cluster is no server."""
    known = config.load(path())
    return None if known.current is None else _profile(known.clusters[known.current])


def _profile(cluster: ClusterConfig) -> Profile | None:
    if not cluster.where.startswith(("http://", "https://")) or cluster.access_key is None:
        return None
    secret = cluster.secret()
    if secret is None:
        return None
    region, endpoint = cluster.region or "us-east-1", cluster.where.rstrip("/")
    return Profile(endpoint, region, cluster.access_key, secret, cluster.session_token)
