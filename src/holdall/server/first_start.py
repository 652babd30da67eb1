"""The first start of a server on a directory: its keys are made, and kept for the next ones.

They lie beside the store in files that only their owner may read: the root access key, and
the master key that seals everything else that is secret.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from holdall.core.errors import FormatError, InvalidArgument
from holdall.core.names import check_owner_name
from holdall.engine.directory import sync_directory, translate
from holdall.server.sealing import KEY_BYTES

ROOT_KEY: Final = "access-key.json"
MASTER_KEY: Final = "master-key"
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class RootKey:
    """The key of the server's administrator, and the user whose buckets are its own."""

    access_key: str
    secret_key: str = field(repr=False)
    user: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What a directory's server holds. `is_new`: the root key was made up just now."""

    root: RootKey
    master: bytes = field(repr=False)
    is_new: bool = False


def prepare(directory: Path, *, user: str, given: tuple[str, str] | None = None) -> Keys:
    """The keys of the store in `directory`, made where there are none yet.

    `given` is an access key and its secret, which then take the place of those that are
    kept; `user` is the administrator's name, which stays what it was at the first start.
    `InvalidArgument`, `StoreError`, and `FormatError` for files that are not ours.
    """
    master = _master(directory / MASTER_KEY)
    path = directory / ROOT_KEY
    kept = read_root_key(directory) if path.exists() else None
    if given is not None:
        root = RootKey(*checked(*given), kept.user if kept else user)
        if root != kept:
            write_private(path, _packed(root))
        return Keys(root, master)
    if kept is not None:
        return Keys(kept, master)
    check_owner_name(user)
    made = _keep(path, _packed(RootKey(new_access_key(), new_secret_key(), user)))
    return Keys(read_root_key(directory), master, is_new=made)


def read(directory: Path) -> Keys:
    """What `prepare` made. `FormatError`, `StoreError`."""
    return Keys(read_root_key(directory), _master(directory / MASTER_KEY))


def checked(access_key: str, secret_key: str) -> tuple[str, str]:
    """The pair, if it can be used. `InvalidArgument`; what it says holds no secret."""
    if not 3 <= len(access_key) <= 128 or not access_key.isascii() or not access_key.isprintable():
        raise InvalidArgument("an access key has 3 to 128 printable ASCII characters")
    if any(mark in access_key for mark in "/ ,=:"):
        raise InvalidArgument("an access key has no '/', ',', '=', ':' and no space")
    if not 8 <= len(secret_key) <= 128:
        raise InvalidArgument("a secret key has 8 to 128 characters")
    return access_key, secret_key


def new_access_key(prefix: str = "AKIA") -> str:
    """Twenty capitals and digits, as tools of AWS expect them."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(16))


def new_secret_key() -> str:
    """Forty characters with 240 random bits."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def read_root_key(directory: Path) -> RootKey:
    """`FormatError` when the file is not one of ours, `StoreError` when it cannot be read."""
    path = directory / ROOT_KEY
    try:
        found: dict[str, Any] = json.loads(_read(path))
        return RootKey(str(found["access_key"]), str(found["secret_key"]), str(found["user"]))
    except (ValueError, KeyError, TypeError):
        # The reason would quote what the file holds.
        raise FormatError(f"{path} holds no access key.", path=str(path)) from None


def exposed(directory: Path) -> list[str]:
    """Which of the files others than their owner can read."""
    return [name for name in (ROOT_KEY, MASTER_KEY) if _is_exposed(directory / name)]


def _is_exposed(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _packed(root: RootKey) -> str:
    facts = {"access_key": root.access_key, "secret_key": root.secret_key, "user": root.user}
    return json.dumps(facts, indent=2) + "\n"


def _master(path: Path) -> bytes:
    if not path.exists():
        _keep(path, secrets.token_hex(KEY_BYTES) + "\n")
    try:
        master = bytes.fromhex(_read(path))
    except ValueError:
        master = b""
    if len(master) != KEY_BYTES:
        raise FormatError(
            f"{path} must hold {KEY_BYTES} bytes in hexadecimal. Nothing was changed.",
            path=str(path),
        )
    return master


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LIMIT)
    except OSError as error:
        raise translate(error, path) from error


def _keep(path: Path, text: str) -> bool:
    """Write a file unless there is one by now; False when there is. Never half of it."""
    temporary = _written(path, text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise translate(error, path) from error
    finally:
        temporary.unlink()
    sync_directory(path.parent)
    return True


def write_private(path: Path, text: str) -> None:
    """Make or replace a file that only its owner may read. Never half of it. `StoreError`."""
    temporary = _written(path, text)
    try:
        temporary.replace(path)
    except OSError as error:
        temporary.unlink()
        raise translate(error, path) from error
    sync_directory(path.parent)


def _written(beside: Path, text: str) -> Path:
    """A new file with this text, durable, which only its owner may read."""
    path = beside.with_name(f".{beside.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise translate(error, beside) from error
    return path
