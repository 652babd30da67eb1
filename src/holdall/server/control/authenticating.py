"""Who calls the control plane, proved by the same signatures as in S3."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from holdall.s3 import verifying
from holdall.s3.errors import S3Error
from holdall.s3.signing import UNSIGNED_PAYLOAD
from holdall.s3.verifying import Claim
from holdall.server.control.problems import Refusal
from holdall.server.keys import Key
from holdall.server.request import Message, Receive, Request
from holdall.server.state import State

SERVICES: Final = ("s3", "holdall", "sts")
LARGEST: Final = 1024 * 1024
"""Bytes of a request's body."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A request whose signature is right. `token` is its session token, if it has one."""

    key: Key
    token: str | None = field(repr=False)


async def authenticate(state: State, request: Request, body: bytes) -> Proved:
    """Who calls. `Refusal` 401 for nobody; `S3Error` for a signature that is not right.

    A signed address is good for reading only: it may have been passed on.
    """
    claim = verifying.claim(request.method, request.headers, request.query, services=SERVICES)
    if claim is None:
        raise Refusal(
            401,
            "Unauthorized",
            "Sign the request with an access key (AWS Signature Version 4).",
            headers={"www-authenticate": "AWS4-HMAC-SHA256"},
        )
    if claim.presigned and request.method not in ("GET", "HEAD"):
        raise S3Error("AccessDenied", "A signed address can only be read.")
    key = await state.accounts.find(claim.access_key, claim.session_token)
    if key is None:
        raise S3Error("InvalidAccessKeyId")
    _verify(claim, request, body, key.secret, state)
    return Proved(key, claim.session_token)


def _verify(claim: Claim, request: Request, body: bytes, secret: str, state: State) -> None:
    digest = hashlib.sha256(body).hexdigest()
    verifying.verify(
        claim,
        request.method,
        request.raw_path,
        request.raw_query,
        request.headers,
        secret,
        state.now(),
        payload_hash=digest,
    )
    announced = claim.payload_hash
    if announced in (None, UNSIGNED_PAYLOAD):
        return
    if not hmac.compare_digest(str(announced).encode(), digest.encode()):
        raise S3Error("XAmzContentSHA256Mismatch")


async def whole_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The body. `Refusal` 413 for one that is too large."""
    announced = headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced) > LARGEST:
        raise _too_large()
    held = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise S3Error("IncompleteBody")
        held += message.get("body", b"")
        more = message.get("more_body", False)
        if len(held) > LARGEST:
            raise _too_large()
    return bytes(held)


def _too_large() -> Refusal:
    return Refusal(413, "TooLarge", f"A body has at most {LARGEST} bytes here.")


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what really comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
