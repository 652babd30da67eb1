"""The composition root: from a place as people write it to a client of the right backend."""

from __future__ import annotations

import os
import pwd
import re
from functools import partial
from pathlib import Path

from yarl import URL

from holdall.backends.engine import EngineBackend
from holdall.client.client import Client
from holdall.client.connection import Opened
from holdall.client.local import local_path
from holdall.core.errors import InvalidArgument, NotSupported

Where = str | os.PathLike[str] | URL

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: `C:` is a drive

_LATER = {
    "http": "a Holdall server",
    "https": "a Holdall server",
    "s3": "the S3 backend",
    "az": "the Azure backend",
    "gs": "the Google Cloud Storage backend",
    "mongodb": "the GridFS backend",
}


def connect(
    where: Where | None = None,
    *,
    owner: str | None = None,
    create: bool = True,
    fsync: bool = True,
) -> Client:
    """A client of the store in the directory `where`. Nothing is opened before its first use.

    `owner` is who asks and owns what is made, by default the local user. A directory that
    holds no store becomes one if `create`, else its first use raises `StoreNotFound`.
    Without `fsync` a power cut can lose large blobs that were acknowledged.
    `InvalidArgument` without a place, `NotSupported` for one that no backend reaches yet.
    """
    path = _directory(where)
    username = owner or local_username()
    opener = partial(open_backend, path, owner=username, create=create, fsync=fsync)
    return Client(opener, username=username)


async def open_backend(path: Path, *, owner: str, create: bool, fsync: bool) -> Opened:
    """Open the store in a directory."""
    backend = await EngineBackend.at(path, owner=owner, create=create, fsync=fsync)
    return Opened(backend, backend)


def local_username() -> str:
    """The name of the user whose process this is, or the user's number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _directory(where: Where | None) -> Path:
    if where is None or where == "":
        raise InvalidArgument("say where the store is: connect('path/to/a/directory')")
    scheme = _SCHEME.match(str(where))
    if scheme is not None and not isinstance(where, os.PathLike):
        _demand_local(scheme[1].lower(), str(where))
    return local_path(where)


def _demand_local(scheme: str, where: str) -> None:
    if scheme in _LATER:
        raise NotSupported(f"{where}: {_LATER[scheme]} comes in a later release", actual=scheme)
    if scheme != "file" and where.startswith(f"{scheme}://"):
        raise InvalidArgument(f"{where}: no store is reached by {scheme}://", actual=scheme)
