"""Profiles: which server commands speak to, and with which access key.

They are clusters that `holdall login` added to the user's `holdall.toml`; or the server of a
store: the address itself with the environment's key, or the one that serves a directory.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdall.cli.clusters import NO_KEY, config_path, unchosen
from holdall.cli.options import DEFAULT_STORE, STORE_VARIABLE
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
_SERVERS: Final = "http://", "https://"
_UNSERVED: Final = "no server of {0} is known: 'holdall serve' or 'holdall login' makes it so"
_NONE: Final = "no server is known: 'holdall login URL', or set {0} and a key, or name a store"


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
    def server_variables(self) -> dict[str, str]:
        """The same, and what says to Holdall's commands that the endpoint is a Holdall server."""
        return {STORE_VARIABLE: self.endpoint, **self.variables}

    @property
    def server_exports(self) -> list[str]:
        """All of them as lines of a shell. A profile would go before the store."""
        return [*exports(self.server_variables), f"unset {PROFILE}"]

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.access_key, self.secret_key, self.session_token)


def exports(variables: Mapping[str, str]) -> list[str]:
    """As lines of a shell; keys without a token do not go with another's."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    is_without = ACCESS_KEY in variables and TOKEN not in variables
    return [*lines, f"unset {TOKEN}"] if is_without else lines


def save(name: str, profile: Profile, *, owner: str | None = None) -> Path:
    """Keep a profile under a name: the cluster of that name, made or replaced. Returns the
    file that it is in."""
    path = config_path()
    known = config.load(path)
    cluster = ClusterConfig(
        profile.endpoint,
        owner=owner,
        access_key=profile.access_key,
        secret_key=profile.secret_key,
        session_token=profile.session_token,
        region=profile.region,
    )
    config.save(path, known.having(name, cluster))
    return path


def find(name: str | None, store: str) -> Profile:
    """The profile to use: the one named, else the server of the store that was said; where none
    was, of the current cluster. `NotFound`.
    """
    chosen = name or os.environ.get(PROFILE)
    if chosen:
        return _named(chosen)
    unsaid = store == DEFAULT_STORE
    found = _current() if unsaid else _at(store)
    if found is None:
        raise NotFound(_none() if unsaid else _unserved(store))
    return found


def _none() -> str:
    return unchosen() or _NONE.format(STORE_VARIABLE)


def _unserved(store: str) -> str:
    return (NO_KEY if store.startswith(_SERVERS) else _UNSERVED).format(store.rstrip("/"))


def _at(store: str) -> Profile | None:
    """The server of a store: of a directory, or the one at an address."""
    if "://" not in store:
        return of_store(Path(store))
    address = store.rstrip("/")
    return _with_environments_key(address) or _remembered(address)


def _remembered(address: str) -> Profile | None:
    known = config.load(config_path()).clusters.values()
    found = (_profile(each) for each in known if each.where.rstrip("/") == address)
    return next(filter(None, found), None)


def of_store(store: Path) -> Profile | None:
    """The server that was last started on the store in a directory, with its root key."""
    try:
        server = json.loads((store / "server.json").read_text("utf-8"))
        key = json.loads((store / "access-key.json").read_text("utf-8"))
        return Profile(server["endpoint"], server["region"], key["access_key"], key["secret_key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _with_environments_key(address: str) -> Profile | None:
    """None for what is no server's address, and without a key in the environment."""
    access_key, secret_key = os.environ.get(ACCESS_KEY), os.environ.get(SECRET_KEY)
    if not (address.startswith(_SERVERS) and access_key and secret_key):
        return None
    region = os.environ.get(REGION) or "us-east-1"
    return Profile(address, region, access_key, secret_key, os.environ.get(TOKEN) or None)


def _named(name: str) -> Profile:
    cluster = config.load(config_path()).clusters.get(name)
    if cluster is None:
        raise NotFound(f"there is no profile {name!r}; 'holdall login' makes one")
    found = _profile(cluster)
    if found is None:
        raise InvalidArgument(f"{name!r} is no server with a key: {cluster.where}")
    return found


def _current() -> Profile | None:
    """The server of the current cluster; where none is chosen, of the directory by default."""
    known = config.load(config_path())
    if known.current is None:
        return of_store(Path(DEFAULT_STORE))
    current = known.clusters[known.current]
    return _profile(current) or of_store(Path(current.where).expanduser())


def _profile(cluster: ClusterConfig) -> Profile | None:
    if not cluster.where.startswith(_SERVERS) or cluster.access_key is None:
        return None
    secret = cluster.secret()
    if secret is None:
        return None
    region, endpoint = cluster.region or "us-east-1", cluster.where.rstrip("/")
    return Profile(endpoint, region, cluster.access_key, secret, cluster.session_token)
