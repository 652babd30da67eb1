"""Requests as bytes, signed and ready: while the clock runs they are only sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from benchmarks.server.jobs import Address
from holdall.s3.signing import UNSIGNED_PAYLOAD, sign_headers


class Request(NamedTuple):
    """`body` is apart from `head`, so that parts of 8 MiB are not copied."""

    method: str
    head: bytes
    body: bytes = b""
    keep: bool = True
    """Whether the body of the answer is kept, or only counted."""


class Signer:
    """Signs for one bucket of one server."""

    def __init__(self, address: Address, bucket: str) -> None:
        self._address = address
        self._bucket = bucket
        self._host = f"{address.host}:{address.port}"

    def request(
        self,
        method: str,
        key: str = "",
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        keep: bool = True,
    ) -> Request:
        """A body is signed, as SDKs do over plain HTTP."""
        path = quote(f"/{self._bucket}/{key}" if key else f"/{self._bucket}")
        sent = {"host": self._host, **(headers or {})}
        if method in ("PUT", "POST"):
            sent["content-length"] = str(len(body))
        signed = sent | self._proof(method, path, query, body, sent)
        lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        target = f"{path}?{query}" if query else path
        head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()
        return Request(method, head, body, keep)

    def _proof(
        self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> dict[str, str]:
        has_body = method in ("PUT", "POST")
        digest = hashlib.sha256(body).hexdigest() if has_body else UNSIGNED_PAYLOAD
        credentials, region = self._address.credentials, self._address.region
        now = datetime.now(UTC)
        return sign_headers(credentials, method, path, query, headers, digest, region, "s3", now)
