"""The first start of a server on a directory: its keys are made, and kept for the next ones.

They lie in files that only their owner may read, beside the store: the root access key, and
the master key that seals everything else that is secret, unless that is kept elsewhere.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from holdall.core.errors import FormatError, InvalidArgument
from holdall.core.names import check_owner_name
from holdall.core.secret_files import ROOT_KEY, SECRET_FILES
from holdall.server import private_files
from holdall.server.master_keys import MasterKeys

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


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
    master: MasterKeys
    is_new: bool = False


def prepare(
    directory: Path, master_key: Path, *, user: str, given: tuple[str, str] | None = None
) -> Keys:
    """The keys of the store in `directory`, made where there are none yet; `master_key` is the
    file of those that seal.

    `given` is an access key and its secret, which then take the place of those that are
    kept; `user` is the administrator's name, which stays what it was at the first start.
    `InvalidArgument`, `StoreError`, and `FormatError` for files that are not ours.
    """
    master = MasterKeys.prepared(master_key)
    path = directory / ROOT_KEY
    kept = read_root_key(directory) if path.exists() else None
    if given is not None:
        root = RootKey(*checked(*given), kept.user if kept else user)
        if root != kept:
            private_files.write(path, _packed(root))
        return Keys(root, master)
    if kept is not None:
        return Keys(kept, master)
    check_owner_name(user)
    made = private_files.keep(path, _packed(RootKey(new_access_key(), new_secret_key(), user)))
    return Keys(read_root_key(directory), master, is_new=made)


def read(directory: Path, master_key: Path) -> Keys:
    """What `prepare` made. `FormatError`, `StoreError`."""
    return Keys(read_root_key(directory), MasterKeys(master_key))


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
        found: dict[str, Any] = json.loads(private_files.read(path))
        return RootKey(str(found["access_key"]), str(found["secret_key"]), str(found["user"]))
    except (ValueError, KeyError, TypeError):
        # The reason would quote what the file holds.
        raise FormatError(f"{path} holds no access key.", path=str(path)) from None


def exposed(directory: Path) -> list[str]:
    """Which of the files others than their owner can read."""
    return [name for name in SECRET_FILES if private_files.is_exposed(directory / name)]


def _packed(root: RootKey) -> str:
    facts = {"access_key": root.access_key, "secret_key": root.secret_key, "user": root.user}
    return json.dumps(facts, indent=2) + "\n"
