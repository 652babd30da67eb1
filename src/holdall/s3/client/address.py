"""Where a request goes: an endpoint, a bucket and a key as host and path, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from yarl import URL

from holdall.core.errors import InvalidArgument
from holdall.core.names import encode_key

Pairs = Iterable[tuple[str, str]]

_BUCKET = re.compile("[A-Za-z0-9._-]{1,255}")


class Address(NamedTuple):
    """A request's target as it goes over the wire; `host` with the port unless it is usual."""

    scheme: str
    host: str
    path: str
    query: str

    @property
    def url(self) -> URL:
        """Told that it is escaped already, yarl leaves `//` and dot segments as they are."""
        text = f"{self.scheme}://{self.host}{self.path}"
        return URL(f"{text}?{self.query}" if self.query else text, encoded=True)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's address. `path_style` puts the bucket into the path, else into the host."""

    scheme: str
    host: str
    path: str
    path_style: bool

    @classmethod
    def parse(cls, url: str, *, path_style: bool) -> Endpoint:
        """`InvalidArgument` for what is not an http or https URL of a server."""
        try:
            parts = urlsplit(url)
            host = _host(parts.scheme, parts.hostname, parts.port)
        except ValueError as error:
            raise InvalidArgument(f"not the URL of an S3 endpoint: {url!r}") from error
        if parts.username or parts.query or parts.fragment:
            raise InvalidArgument("an endpoint's URL has neither user, query nor fragment")
        return cls(parts.scheme, host, parts.path.rstrip("/"), path_style)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"

    def address(self, bucket: str | None, key: str | None, query: Pairs) -> Address:
        """The target of a request. `InvalidKey`, `InvalidArgument` for an impossible bucket."""
        path = "/" if key is None else f"/{_escaped(encode_key(key), safe='/')}"
        if bucket is None:
            return Address(self.scheme, self.host, self.path + path, _query(query))
        if not _BUCKET.fullmatch(bucket) or set(bucket) == {"."}:
            raise InvalidArgument(f"not a bucket's name: {bucket!r}", bucket=bucket)
        if self.path_style or not self._fits_host(bucket):
            within = self.path + f"/{bucket}" + ("" if key is None else path)
            return Address(self.scheme, self.host, within, _query(query))
        return Address(self.scheme, f"{bucket}.{self.host}", self.path + path, _query(query))

    def _fits_host(self, bucket: str) -> bool:
        """A wildcard certificate covers one label, so no dots; upper case is lost in hosts."""
        return "." not in bucket and "_" not in bucket and bucket == bucket.lower()


def _host(scheme: str, host: str | None, port: int | None) -> str:
    if scheme not in ("http", "https") or not host:
        raise ValueError("neither http nor https, or no host")
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[scheme]
    return shown if port in (None, usual) else f"{shown}:{port}"


def _query(pairs: Pairs) -> str:
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)


def _escaped(text: str | bytes, safe: str = "") -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise InvalidArgument("a text that is sent must not hold a lone surrogate") from error


def copy_source(bucket: str, key: str, version: str | None) -> str:
    """The value of `x-amz-copy-source` (S3 CopyObject)."""
    named = f"/{bucket}/{_escaped(encode_key(key), safe='/')}"
    return named if version is None else f"{named}?versionId={_escaped(version)}"
