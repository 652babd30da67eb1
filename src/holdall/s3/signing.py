"""Signature Version 4 as S3 computes it: what is signed, with which key, and the signing itself.

The rules are those of "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3
API reference. Paths and queries are taken as they go over the wire, and header texts stand
for their bytes, one character a byte (Latin-1), as ASGI servers hand them on.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from holdall.core.errors import InvalidArgument
from holdall.s3.times import to_amz

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINAL: Final = "aws4_request"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
EMPTY_SHA256: Final = hashlib.sha256().hexdigest()

LONGEST: Final = 7 * 24 * 60 * 60
"""Seconds for which a presigned request may be valid: a week."""

NEVER_SIGNED: Final = frozenset(
    {
        "authorization",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
"""Headers that libraries and proxies on the way add, change or remove."""

_SPACES: Final = re.compile(" {2,}")
_PLAIN_PATH: Final = re.compile(rb"[A-Za-z0-9/_.~-]*")
"""Nothing to escape in it, as in most."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret; temporary ones come with a session token."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class Scope(NamedTuple):
    """What a signing key is good for: a day (`20130524`), a region and a service."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINAL}"


def signing_key(secret: str, scope: Scope) -> bytes:
    """The key of a day, a region and a service. It costs four HMACs, so it is remembered."""
    return _derived(secret, scope.date, scope.region, scope.service)


@lru_cache(maxsize=1024)
def _derived(secret: str, *steps: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for step in (*steps, TERMINAL):
        key = _hmac(key, step.encode())
    return key


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


@lru_cache(maxsize=1024)  # to begin one costs more than to sign a request
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def signature(key: bytes, string_to_sign: bytes) -> str:
    """The signature, in hexadecimal."""
    mac = _begun(key).copy()
    mac.update(string_to_sign)
    return mac.hexdigest()


def string_to_sign(time: str, scope: Scope, canonical: bytes) -> bytes:
    """`time` is written as in `x-amz-date`; `canonical` is the canonical request."""
    digest = hashlib.sha256(canonical).hexdigest()
    return f"{ALGORITHM}\n{time}\n{scope}\n{digest}".encode()


def canonical_request(
    method: str,
    path: bytes,
    query: bytes,
    headers: Mapping[str, str],
    signed: Sequence[str],
    payload_hash: str,
) -> bytes:
    """The canonical request, of a `path` and a `query` that are canonical already.

    `headers` are by lower-case name, repeated ones joined with commas; one that is in
    `signed` and not there counts as empty.
    """
    lines = [f"{name}:{canonical_value(headers.get(name, ''))}\n" for name in signed]
    return b"\n".join(
        (
            method.encode("latin-1"),
            path or b"/",
            query,
            "".join(lines).encode("latin-1"),
            ";".join(signed).encode("latin-1"),
            payload_hash.encode("latin-1"),
        )
    )


def canonical_value(value: str) -> str:
    """A header's value without the spaces around it, and with single ones within it."""
    return _SPACES.sub(" ", value.strip()) if " " in value else value.strip()


def canonical_path(raw: bytes) -> bytes:
    """The path with everything escaped that S3 escapes, once.

    Nothing is normalised: `//`, `.` and `..` are parts of keys like any other.
    """
    if _PLAIN_PATH.fullmatch(raw):
        return raw
    return quote(unquote_to_bytes(raw), safe="/-_.~").encode()


def canonical_query(raw: bytes, *, without: str = "") -> bytes:
    """The parameters, all but those called `without`, escaped and sorted by name and value."""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in query_pairs(raw))
    return b"&".join(name + b"=" + value for name, value in pairs if name != without.encode())


def query_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values as they came; a name without `=` has an empty value."""
    parts = (pair.partition(b"=") for pair in raw.split(b"&") if pair)
    return [(name, value) for name, _, value in parts]


def _escaped(text: bytes) -> bytes:
    return quote(unquote_to_bytes(text.replace(b"+", b"%20")), safe="-_.~").encode()


def sign_headers(
    credentials: Credentials,
    method: str,
    raw_path: str,
    query: str,
    headers: Mapping[str, str],
    payload_hash: str,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers to add to a request, `authorization` among them.

    `raw_path` and `query` are escaped, as they go over the wire. `headers`, by lower-case
    name, must hold `host`; all of them are signed but `NEVER_SIGNED`. `payload_hash` is the
    body's SHA-256 in hexadecimal or one of the words that stand for it.
    """
    time = to_amz(now)
    scope = Scope(time[:8], region, service)
    added = {"x-amz-date": time, "x-amz-content-sha256": payload_hash}
    if credentials.session_token is not None:
        added["x-amz-security-token"] = credentials.session_token
    present = {**headers, **added}
    names = signed_names(present)
    proof = _proof(credentials, method, raw_path, query, present, names, payload_hash, time, scope)
    added["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={proof}"
    )
    return added


def presign(
    credentials: Credentials,
    method: str,
    raw_path: str,
    query: str,
    headers: Mapping[str, str],
    expires: int,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The parameters to add to a query, `X-Amz-Signature` last. The body is not signed.

    Whoever uses the address must send `headers` as they are here (`host` is one of them).
    `expires` is in seconds. `InvalidArgument` unless it is between 1 and `LONGEST`.
    """
    if not 1 <= expires <= LONGEST:
        raise InvalidArgument(
            f"a signed address is valid for 1 to {LONGEST} seconds", actual=expires
        )
    time = to_amz(now)
    scope = Scope(time[:8], region, service)
    names = signed_names(headers)
    added = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": ";".join(names),
    }
    if credentials.session_token is not None:
        added["X-Amz-Security-Token"] = credentials.session_token
    whole = _joined(query, added)
    added["X-Amz-Signature"] = _proof(
        credentials, method, raw_path, whole, headers, names, UNSIGNED_PAYLOAD, time, scope
    )
    return added


def signed_names(headers: Collection[str]) -> tuple[str, ...]:
    """The names of the headers that a signature of ours covers, in their order.

    `InvalidArgument` without `host`: a signature that leaves it out is good anywhere.
    """
    if "host" not in headers:
        raise InvalidArgument("a request cannot be signed without its host header")
    return tuple(sorted(set(headers) - NEVER_SIGNED))


def _joined(query: str, added: Mapping[str, str]) -> str:
    return "&".join([query, *(f"{name}={quote(value, safe='')}" for name, value in added.items())])


def _proof(
    credentials: Credentials,
    method: str,
    raw_path: str,
    query: str,
    headers: Mapping[str, str],
    signed: Sequence[str],
    payload_hash: str,
    time: str,
    scope: Scope,
) -> str:
    canonical = canonical_request(
        method,
        canonical_path(raw_path.encode()),
        canonical_query(query.encode()),
        headers,
        signed,
        payload_hash,
    )
    key = signing_key(credentials.secret_key, scope)
    return signature(key, string_to_sign(time, scope, canonical))


class Chain:
    """The signatures of a body's chunks, each made over the one before it.

    `seed` is the signature of the request itself. The rules are those of "Transferring
    Payload in Multiple Chunks" and "Including Trailing Headers" in the same reference.
    """

    def __init__(self, key: bytes, time: str, scope: Scope, seed: str) -> None:
        self._key = key
        self._context = f"{time}\n{scope}"
        self._last = seed
        self.signed = b""
        """The string that was signed last, for whom a signature does not match."""

    def chunk(self, digest: str) -> str:
        """The signature of the next chunk, of whose bytes `digest` is the SHA-256."""
        return self._next(f"{ALGORITHM}-PAYLOAD", f"{EMPTY_SHA256}\n{digest}")

    def trailer(self, canonical: bytes) -> str:
        """The signature of the trailers, given as lines of `name:value`."""
        return self._next(f"{ALGORITHM}-TRAILER", hashlib.sha256(canonical).hexdigest())

    def _next(self, algorithm: str, digests: str) -> str:
        self.signed = f"{algorithm}\n{self._context}\n{self._last}\n{digests}".encode()
        self._last = signature(self._key, self.signed)
        return self._last


def chain_of(
    credentials: Credentials, added: Mapping[str, str], region: str, service: str
) -> Chain:
    """The chain of the body whose request got the headers `added` from `sign_headers`."""
    time = added["x-amz-date"]
    scope = Scope(time[:8], region, service)
    seed = added["authorization"].rpartition("Signature=")[2]
    return Chain(signing_key(credentials.secret_key, scope), time, scope, seed)
