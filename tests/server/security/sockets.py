"""Requests as they go over a socket, byte by byte."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from holdall.s3.signing import Credentials, sign_headers
from holdall.server.state import now
from holdall.testing.server import Account, Running

PATIENCE = 20.0
_CODE = re.compile(rb"<Code>([^<]*)</Code>")


@dataclass(frozen=True)
class Told:
    """What came back until the server hung up, or fell silent after a whole answer."""

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1]) if self.raw else 0

    @property
    def code(self) -> str | None:
        found = _CODE.search(self.raw)
        return found[1].decode() if found else None

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


def authority(server: Running) -> str:
    return urlsplit(server.endpoint).netloc


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), PATIENCE) as made:
        yield made


def signed(
    server: Running,
    account: Account,
    method: str,
    path: str,
    query: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    time: datetime | None = None,
) -> dict[str, str]:
    """The headers of a signed request; `content-length` among them for one with a body."""
    kept = {"host": authority(server), "connection": "close", **(headers or {})}
    if method in ("PUT", "POST"):
        kept.setdefault("content-length", str(len(body)))
    digest = kept.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    credentials = Credentials(account.access_key, account.secret_key)
    added = sign_headers(
        credentials, method, path, query, kept, digest, "us-east-1", "s3", time or now()
    )
    return kept | added


def spelled(method: str, target: str, headers: Mapping[str, str] | list[tuple[str, str]]) -> bytes:
    pairs = headers if isinstance(headers, list) else list(headers.items())
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def exchange(server: Running, *pieces: bytes, half: bool = False) -> Told:
    """Send the pieces, with `half` say that there is no more, and take what comes until the
    server hangs up."""
    with connected(server) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if half:
            connection.shutdown(socket.SHUT_WR)
        return Told(everything(connection))


def everything(connection: socket.socket) -> bytes:
    found = bytearray()
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return bytes(found)


def ask(
    server: Running, account: Account | None, method: str, target: str, **options: object
) -> Told:
    """A request with everything right."""
    path, _, query = target.partition("?")
    body = options.get("body", b"")
    assert isinstance(body, bytes)
    if account is None:
        headers = {
            "host": authority(server),
            "content-length": str(len(body)),
            "connection": "close",
        }
    else:
        headers = signed(server, account, method, path, query, **options)  # type: ignore[arg-type]
    return exchange(server, spelled(method, target, headers), body)
