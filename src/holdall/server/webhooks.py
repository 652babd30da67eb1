"""Webhooks: addresses that are told what happens in buckets, each with a secret to sign with.

A bucket says by its notification configuration what goes where; here stands only what the
names in it mean. They lie beside the store in a file, with their secrets sealed.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from holdall.core.errors import Conflict, FormatError, InvalidArgument, NotFound
from holdall.core.secret_files import WEBHOOKS
from holdall.server import private_files
from holdall.server.sealing import Broken, Master, Sealer

PURPOSE: Final = "webhooks"
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
PREFIX: Final = "whsec_"
"""What secrets begin with (Standard Webhooks)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """`secret` is what its deliveries are signed with."""

    name: str
    url: str
    secret: str = field(repr=False)


class Webhooks:
    """All of a server, as the file has them now: every process sees a change at once."""

    def __init__(self, directory: Path, master: Master) -> None:
        self._path = directory / WEBHOOKS
        self._sealer = Sealer(master, PURPOSE)
        self._read_at: tuple[int, int] | None = None
        self._known: dict[str, Webhook] = {}

    def names(self) -> frozenset[str]:
        return frozenset(self._current())

    def every(self) -> list[Webhook]:
        """By name."""
        return sorted(self._current().values(), key=lambda webhook: webhook.name)

    def get(self, name: str) -> Webhook | None:
        return self._current().get(name)

    def add(self, name: str, url: str) -> Webhook:
        """`InvalidArgument`, `Conflict` when there is one of that name."""
        if not NAME.fullmatch(name):
            raise InvalidArgument("A webhook's name has 1 to 128 of A-Z a-z 0-9 . _ -")
        _check_url(url)
        known = dict(self._current())
        if name in known:
            raise Conflict(f"There is a webhook {name} already.")
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        known[name] = Webhook(name, url, secret)
        self._write(known)
        return known[name]

    def remove(self, name: str) -> None:
        """`NotFound`."""
        known = dict(self._current())
        if known.pop(name, None) is None:
            raise NotFound(f"There is no webhook {name}.")
        self._write(known)

    def reseal(self) -> int:
        """Seal with the newest master key what an older one sealed; how many secrets."""
        known = self._current()
        old = [row for row in self._rows() if self._is_old(row)] if known else []
        if old:
            self._write(known)
        return len(old)

    def _is_old(self, row: dict[str, str]) -> bool:
        return self._sealer.renewed(base64.b64decode(row["secret"]), row["name"]) is not None

    def _rows(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self._path.read_text("utf-8"))
        return found

    def _current(self) -> dict[str, Webhook]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._read_at, self._known = None, {}
            return self._known
        seen = stat.st_mtime_ns, stat.st_ino
        if seen != self._read_at:
            self._known = self._read()
            self._read_at = seen
        return self._known

    def _read(self) -> dict[str, Webhook]:
        try:
            return {row["name"]: self._opened(row) for row in self._rows()}
        except (ValueError, KeyError, TypeError, Broken):
            raise FormatError(f"{self._path} holds no webhooks.", path=str(self._path)) from None

    def _opened(self, row: dict[str, str]) -> Webhook:
        sealed = base64.b64decode(row["secret"])
        return Webhook(row["name"], row["url"], self._sealer.unseal(sealed, row["name"]).decode())

    def _write(self, known: dict[str, Webhook]) -> None:
        rows = [asdict(webhook) | {"secret": self._sealed(webhook)} for webhook in known.values()]
        private_files.write(self._path, json.dumps(rows, indent=2) + "\n")

    def _sealed(self, webhook: Webhook) -> str:
        sealed = self._sealer.seal(webhook.secret.encode(), webhook.name)
        return base64.b64encode(sealed).decode()


def _check_url(url: str) -> None:
    try:
        found = urlsplit(url)
        is_good = found.scheme in ("http", "https") and found.hostname and not found.username
    except ValueError:  # an IPv6 address that is none
        is_good = False
    if not is_good:
        raise InvalidArgument("A webhook's address is like https://example.com/path")
