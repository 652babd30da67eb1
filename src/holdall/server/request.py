"""One HTTP request as the S3 API sees it: which bucket, which key, which sub-resource."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from random import getrandbits
from typing import Any
from urllib.parse import unquote_to_bytes

from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_BAD_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")


def new_id() -> str:
    """A name for a request, by which logs and clients speak of it; it protects nothing."""
    return f"{getrandbits(64):016X}"


@dataclass(slots=True)
class Target:
    """What the address names. `bucket` None: the service; `key` None: the bucket."""

    bucket: str | None
    key: str | None


class Request:
    """Headers by lower-case name, repeated ones joined by commas; a query by decoded name.

    `raw_path` and `raw_query` are as they came over the wire: signatures cover those bytes.
    """

    def __init__(
        self, scope: Scope, receive: Receive, id: str, domains: Collection[str] = ()
    ) -> None:
        self.id = id
        self.receive = receive
        self.method: str = scope["method"]
        self.raw_path: bytes = scope["raw_path"]
        self.raw_query: bytes = scope["query_string"]
        self.headers = _headers(scope["headers"])
        self.secure: bool = scope.get("scheme") == "https"
        self.client: str = (scope.get("client") or ("", 0))[0]
        self.proof: Mapping[str, str] = {}
        """How the caller was recognised, in the words of policies ("s3:authType")."""
        self.operation = "Unknown"
        """The S3 operation that is meant, once that has been found out."""
        self._domains = domains
        if not self.raw_query:
            self.query = {}

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The first value of each name; a name without `=` is empty. `InvalidURI`."""
        found: dict[str, str] = {}
        for pair in self.raw_query.split(b"&") if self.raw_query else ():
            name, _, value = pair.partition(b"=")
            if pair:
                found.setdefault(_decoded_plus(name), _decoded_plus(value))
        return found

    @cached_property
    def target(self) -> Target:
        """By path style, or by the host when that is below one of the server's domains."""
        path = self.raw_path[1:]
        bucket = self.bucket_of_host
        if bucket is not None:
            return Target(bucket, _decoded(path) or None)
        first, slash, rest = path.partition(b"/")
        if not first:
            return _service_or_refused(slash)
        return Target(_decoded(first), _decoded(rest) or None)

    @property
    def bucket_of_host(self) -> str | None:
        """The bucket that the host names; None in path style."""
        if not self._domains:
            return None
        host = self.headers.get("host", "").rsplit(":", 1)[0].lower()
        for domain in self._domains:
            if host.endswith("." + domain):
                return host[: -len(domain) - 1]
        return None

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def length(self) -> int | None:
        """The Content-Length; None where there is none. `InvalidArgument`."""
        text = self.headers.get("content-length")
        if text is None:
            return None
        length = natural(text)
        if length is None:
            raise S3Error("InvalidArgument", "The Content-Length is not a number.")
        return length


def _service_or_refused(slash: bytes) -> Target:
    if slash:
        raise S3Error("InvalidBucketName", BucketName="")
    return Target(None, None)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _decoded(raw: bytes) -> str:
    if b"%" not in raw and raw.isascii():
        return raw.decode()
    if _BAD_ESCAPE.search(raw):
        raise S3Error("InvalidURI", "The URI holds an escape that is none.")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise S3Error("InvalidURI", "The URI is not UTF-8.") from error


def _decoded_plus(raw: bytes) -> str:
    return _decoded(raw.replace(b"+", b"%20") if b"+" in raw else raw)
