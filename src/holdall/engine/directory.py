"""The directory that a store lives in: finding out what it is, and making one."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from holdall.core.errors import (
    FormatError,
    NotADirectory,
    NotSupported,
    ReadOnlyStore,
    StorageFull,
    StoreError,
    StoreNotFound,
)

CATALOG = "catalog.db"
ELSEWHERE = "storage.json"
"""Says that a server keeps the bytes or the names of this store in another place."""
OURS = frozenset(
    {CATALOG, *(f"{CATALOG}-{part}" for part in ("wal", "shm", "journal"))}
    | {"writer.lock", "reserve", "payloads"}
)
NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "9p", "glusterfs"),
        *("lustre", "gfs2", "ocfs2", "beegfs"),
        *("fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse.rclone"),
    }
)
MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def prepare(path: Path, *, create: bool) -> Path:
    """Make sure that `path` is a directory for a store, made now if it may be.

    Raises `StoreNotFound`, `NotADirectory`, `FormatError` for a directory of other things,
    `ReadOnlyStore`, and `NotSupported` on a network file system, whose locks and fsync
    SQLite cannot rely on.
    """
    path = Path(os.path.realpath(path))
    try:
        _prepare(path, create)
    except PermissionError as error:
        raise ReadOnlyStore(f"{path} cannot be written.", path=str(path)) from error
    return path


def _prepare(path: Path, create: bool) -> None:
    refuse_network(path)
    if path.exists() and not path.is_dir():
        raise NotADirectory(f"{path} is not a directory.", path=str(path))
    if (path / ELSEWHERE).exists():
        raise NotSupported(
            f"A part of the store {path} is elsewhere; `holdall serve` opens it.", path=str(path)
        )
    if not path.exists() or not any(path.iterdir()):
        if not create:
            raise StoreNotFound(f"There is no store at {path}.", path=str(path))
        make(path)
    elif not (path / CATALOG).exists():
        _refuse_strangers(path)
    if not os.access(path, os.W_OK):
        raise ReadOnlyStore(f"{path} cannot be written.", path=str(path))


def make(path: Path) -> None:
    """Make the directory and those above it, each durable in its parent."""
    if not path.exists():
        make(path.parent)
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise translate(error, path) from error
        sync_directory(path.parent)


def _refuse_strangers(path: Path) -> None:
    """A store whose making was cut short may be finished; nothing else is touched."""
    strangers = sorted(set(os.listdir(path)) - OURS)
    if strangers:
        raise FormatError(
            f"{path} is not a Holdall store: it holds {strangers[0]!r}. Nothing was changed.",
            path=str(path),
            actual=strangers[0],
        )
    if any((path / "payloads").glob("data/*/*")):
        raise FormatError(
            f"{path} holds payloads, but its {CATALOG} is gone. Nothing was changed.",
            path=str(path),
            actual=CATALOG,
        )


def refuse_network(path: Path, mounts: Path = MOUNTS) -> None:
    """Where the system does not say what is mounted, nothing is refused."""
    kind = file_system_of(path, mounts)
    if kind in NETWORK:
        raise NotSupported(
            f"{path} is on a network file system ({kind}); a store needs a local one.",
            path=str(path),
            actual=kind,
        )


def file_system_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the file system that holds `path` (proc(5), mountinfo), None if unknown."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    best, kind = -1, None
    for line in lines:
        fields, _, described = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields.split()[4]))
        if len(point.parts) >= best and path.is_relative_to(point):
            best, kind = len(point.parts), described.split()[0]
    return kind


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def translate(error: OSError, path: Path) -> StoreError:
    kind = _KINDS.get(error.errno or 0, StoreError)
    return kind(f"{path}: {error.strerror}", path=str(path))


_KINDS: dict[int, type[StoreError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EROFS: ReadOnlyStore,
    errno.EACCES: ReadOnlyStore,
}
