"""Who is calling, proved by a signature; and the body that the signature promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from holdall.s3 import chunked, sigv2, verifying
from holdall.s3.errors import S3Error
from holdall.s3.sigv2 import ClaimV2
from holdall.s3.verifying import Claim
from holdall.server.accounts import Key
from holdall.server.authorisation import Caller
from holdall.server.body import Body, Decoder
from holdall.server.request import Request
from holdall.server.state import State

ANONYMOUS = Caller(kind="anonymous")
TAKES_BODY = frozenset({"PUT", "POST"})
SIGNING = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signature",
        "x-amz-signedheaders",
        "x-amz-security-token",
        "x-amz-content-sha256",
    }
)
"""Parameters of a signed address that are about the signature itself."""


async def authenticate(state: State, request: Request) -> tuple[Caller, Body]:
    """The caller and the body. Nothing of the body is read yet, so that a client that
    waits for `100 Continue` sends it to those who may send it."""
    if state.allow_sigv2 and (old := sigv2.claim(request.headers, request.query)) is not None:
        return await _by_v2(state, request, old)
    claim = verifying.claim(request.method, request.headers, request.query)
    if claim is None:
        return ANONYMOUS, _body(request, chunked.decoder(None, None, request.headers))
    key, now = await _key(state, claim.access_key, claim.session_token), state.now()
    verifying.verify(claim, *_signed(request), key.secret, now)
    request.proof = _proof(claim, now)
    if claim.presigned:
        _take_headers_of_query(request)
    return key.caller, _body(request, chunked.decoder(claim, key.secret, request.headers))


async def _by_v2(state: State, request: Request, claim: ClaimV2) -> tuple[Caller, Body]:
    key = await _key(state, claim.access_key, request.headers.get("x-amz-security-token"))
    host = request.bucket_of_host
    sigv2.verify(claim, *_signed(request), key.secret, state.now(), bucket=host)
    request.proof = {"s3:signatureversion": "AWS"}
    return key.caller, _body(request, chunked.decoder(None, None, request.headers))


def _proof(claim: Claim, now: datetime) -> Mapping[str, str]:
    """The condition keys of Signature Version 4 ("Authentication policy keys")."""
    if not claim.presigned:
        return _IN_HEADER
    age = str((now - claim.signed_at) // timedelta(milliseconds=1))
    return {**_IN_HEADER, "s3:authType": "REST-QUERY-STRING", "s3:signatureAge": age}


_IN_HEADER: Mapping[str, str] = MappingProxyType(
    {"s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authType": "REST-HEADER"}
)


def _signed(request: Request) -> tuple[str, bytes, bytes, dict[str, str]]:
    return request.method, request.raw_path, request.raw_query, request.headers


def _take_headers_of_query(request: Request) -> None:
    """Some clients put headers into the addresses that they sign, in order that whoever
    uses one need not send them."""
    for name, value in request.query.items():
        header = name.lower()
        if header.startswith("x-amz-") and header not in SIGNING:
            request.headers.setdefault(header, value.encode().decode("latin-1"))


async def _key(state: State, id: str, session_token: str | None) -> Key:
    key = await state.accounts.find(id, session_token)
    if key is None:
        raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=id)
    return key


def _body(request: Request, decoder: Decoder | None) -> Body:
    length = chunked.decoded_length(request.headers) if decoder else _length(request)
    return Body(request.receive, length, decoder=decoder, sha256=_payload_hash(request.headers))


def _payload_hash(headers: Mapping[str, str]) -> bytes | None:
    """The SHA-256 announced for the body; None where it is not signed as a whole."""
    text = headers.get("x-amz-content-sha256", "")
    try:
        return bytes.fromhex(text) if len(text) == 64 else None
    except ValueError:
        raise S3Error("InvalidArgument", "x-amz-content-sha256 must be a SHA-256") from None


def _length(request: Request) -> int:
    """The length of a body that is as it comes. `MissingContentLength` where it has none."""
    length = request.length
    if length is None and request.method in TAKES_BODY and "transfer-encoding" in request.headers:
        raise S3Error("MissingContentLength")
    return length or 0
