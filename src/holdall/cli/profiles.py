"""Profiles: which server commands speak to, and with which access key.

They come from `holdall login`, which keeps them in a file that only their owner may read;
from the environment; or from the directory of a store whose server runs as the same user.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from holdall.core.errors import InvalidArgument, NotFound
from holdall.s3.signing import Credentials

PROFILE: Final = "HOLDALL_PROFILE"
ENDPOINT: Final = "AWS_ENDPOINT_URL"
ACCESS_KEY: Final = "AWS_ACCESS_KEY_ID"
SECRET_KEY: Final = "AWS_SECRET_ACCESS_KEY"
TOKEN: Final = "AWS_SESSION_TOKEN"
REGION: Final = "AWS_DEFAULT_REGION"
DEFAULT: Final = "default"
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
    """The file of the profiles: in `$XDG_CONFIG_HOME`, else in `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "holdall" / "profiles.json"


def save(name: str, profile: Profile) -> Path:
    """Keep a profile under a name."""
    known = _saved()
    known[name] = _packed(profile)
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(known, out, indent=2)
    temporary.replace(file)
    return file


def find(name: str | None, store: Path) -> Profile:
    """The profile to use: the one named, the environment's, `default`, the store's own server.

    `NotFound`.
    """
    chosen = name or os.environ.get(PROFILE)
    if chosen:
        return _named(chosen)
    found = _of_environment() or _saved_profile(DEFAULT) or of_store(store)
    if found is None:
        raise NotFound(_NONE.format(ENDPOINT))
    return found


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
    found = _saved_profile(name)
    if found is None:
        raise NotFound(f"there is no profile {name!r}; 'holdall login' makes one")
    return found


def _saved_profile(name: str) -> Profile | None:
    facts = _saved().get(name)
    try:
        return None if facts is None else Profile(**facts)
    except TypeError:
        raise InvalidArgument(f"{path()}: the profile {name!r} cannot be read") from None


def _saved() -> dict[str, Any]:
    try:
        found = json.loads(path().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise InvalidArgument(f"{path()} is not a file of profiles") from None
    return found if isinstance(found, dict) else {}


def _packed(profile: Profile) -> Mapping[str, str | None]:
    return {
        "endpoint": profile.endpoint,
        "region": profile.region,
        "access_key": profile.access_key,
        "secret_key": profile.secret_key,
        "session_token": profile.session_token,
    }
