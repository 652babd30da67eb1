"""The user's `holdall.toml`: clusters by name, and which of them is the current one.

current = "office"

[clusters.office]
where = "https://files.example.com"
access_key = "AK…"
secret_command = ["pass", "show", "holdall/office"]
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from holdall.core.errors import InvalidArgument, NotFound
from holdall.core.uris import check_cluster_name

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_SECRETS: Final = ("secret_key", "session_token", "sas_token")


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """A cluster as it is written down: `where` it is, `owner` who asks, `org` the organisation
    that new buckets are for, and the options of `holdall.connect` that say how.

    `secret_command` is run, without a shell, for the secret key; its first line is that.
    """

    where: str
    owner: str | None = None
    org: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    sas_token: str | None = field(default=None, repr=False)
    secret_command: tuple[str, ...] = ()
    region: str | None = None
    endpoint_url: str | None = None
    provider: str | None = None
    credentials_file: str | None = None

    @property
    def holds_secret(self) -> bool:
        return any(getattr(self, name) for name in _SECRETS)

    def secret(self) -> str | None:
        """The secret key, asked for where a command knows it. Blocks. `InvalidArgument`."""
        if not self.secret_command:
            return self.secret_key
        try:
            done = subprocess.run(
                self.secret_command, stdout=subprocess.PIPE, check=True, timeout=60
            )
            return done.stdout.decode().splitlines()[0]
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError, IndexError) as error:
            # Not with its output, which may be a secret.
            text = f"{self.secret_command[0]!r} gave no secret key for {self.where}"
            raise InvalidArgument(text) from error


@dataclass(frozen=True, slots=True)
class Config:
    """All of them. `current` None: none was chosen yet."""

    clusters: Mapping[str, ClusterConfig] = field(default_factory=dict)
    current: str | None = None

    def cluster(self, name: str) -> ClusterConfig:
        """`NotFound`."""
        if name not in self.clusters:
            raise NotFound(f"there is no cluster {name!r}; 'holdall cluster add' makes one")
        return self.clusters[name]

    def having(self, name: str, cluster: ClusterConfig) -> Config:
        """With another cluster, or another of that name; the first one becomes the current."""
        check_cluster_name(name)
        clusters = {**self.clusters, name: cluster}
        return Config(clusters, self.current if self.current is not None else name)

    def without(self, name: str) -> Config:
        """`NotFound`."""
        self.cluster(name)
        left = {each: cluster for each, cluster in self.clusters.items() if each != name}
        return Config(left, None if self.current == name else self.current)

    def using(self, name: str) -> Config:
        """With another one as the current. `NotFound`."""
        self.cluster(name)
        return replace(self, current=name)


def with_secret(cluster: ClusterConfig, secret_key: str) -> ClusterConfig:
    """The same, with its secret key written down."""
    return replace(cluster, secret_key=secret_key)


def default_path() -> Path:
    """Where the user's file is, unless somebody says that it is elsewhere."""
    return Path.home() / ".config" / "holdall" / "holdall.toml"


def load(path: Path) -> Config:
    """Read it; nothing in it where there is no file. `InvalidArgument` for one that cannot be
    understood, and for one that holds secrets and that others may read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            found = tomllib.load(file)
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} is no TOML: {error}", path=path) from error
    config = _config(found, path)
    if mode & _OTHERS and any(each.holds_secret for each in config.clusters.values()):
        text = f"{path} holds a secret and others may read it: chmod 600 {path}"
        raise InvalidArgument(text, path=path)
    return config


def save(path: Path, config: Config) -> None:
    """Write it whole or not at all, for its owner only. Comments in it are lost."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as out:
            out.writelines(_lines(config))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _config(found: Mapping[str, Any], path: Path) -> Config:
    tables, current = found.get("clusters", {}), found.get("current")
    if set(found) - {"clusters", "current"} or not isinstance(tables, dict):
        raise InvalidArgument(f"{path} has 'current' and tables [clusters.NAME]", path=path)
    clusters = {name: _cluster(name, table, path) for name, table in tables.items()}
    if current is not None and current not in clusters:
        raise InvalidArgument(f"{path}: there is no cluster {current!r}", path=path)
    return Config(clusters, current)


def _cluster(name: str, table: Any, path: Path) -> ClusterConfig:
    check_cluster_name(name)
    known = {each.name for each in fields(ClusterConfig)}
    if not isinstance(table, dict) or not isinstance(table.get("where"), str):
        raise InvalidArgument(f"{path}: clusters.{name} does not say where", path=path)
    if unknown := sorted(set(table) - known):
        raise InvalidArgument(f"{path}: clusters.{name} has no {unknown[0]!r}", path=path)
    values = {key: _value(key, value, f"{path}: clusters.{name}") for key, value in table.items()}
    return ClusterConfig(**values)


def _value(key: str, value: Any, place: str) -> Any:
    if key == "secret_command":
        if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise InvalidArgument(f"{place}.{key} is a list of words")
    if not isinstance(value, str):
        raise InvalidArgument(f"{place}.{key} is no text")
    return value


def _lines(config: Config) -> Iterator[str]:
    if config.current is not None:
        yield f"current = {_text(config.current)}\n"
    for name, cluster in config.clusters.items():
        yield f"\n[clusters.{_text(name)}]\n"
        for each in fields(ClusterConfig):
            value = getattr(cluster, each.name)
            if isinstance(value, tuple) and value:
                yield f"{each.name} = [{', '.join(map(_text, value))}]\n"
            elif isinstance(value, str):
                yield f"{each.name} = {_text(value)}\n"


def _text(value: str) -> str:
    """A basic string of TOML: JSON's, save that DEL is escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
