"""Signature Version 2, in headers and in queries, for clients that know nothing newer.

The rules are those of "Signing and authenticating REST requests (AWS signature version 2)"
in the Amazon S3 user guide.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from holdall.s3.errors import S3Error
from holdall.s3.signing import canonical_path, query_pairs
from holdall.s3.times import from_amz, from_http, to_amz
from holdall.s3.verifying import SKEW, expired, is_v2, mismatch, too_skewed

SUBRESOURCES: Final = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "delete",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "partNumber",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "retention",
        "select",
        "select-type",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)
"""Parameters that are signed; no others are."""

_LAST: Final = 253_402_300_799
"""The last second that a datetime can tell, 9999-12-31T23:59:59Z."""


@dataclass(frozen=True, slots=True)
class ClaimV2:
    """What a request signed by Version 2 says of itself; nothing of it is proved yet.

    `date` is the line that was signed: a date, the second of expiry, or nothing.
    `signed_at` is None for a presigned request, `expires_at` for one that is not.
    """

    access_key: str
    signature: str
    date: str
    signed_at: datetime | None
    expires_at: datetime | None
    session_token: str | None = field(repr=False)


def claim(headers: Mapping[str, str], query: Mapping[str, str]) -> ClaimV2 | None:
    """What the request claims; None when it is not signed by Version 2.

    `InvalidArgument` for a malformed header, `AccessDenied` without a usable date.
    """
    authorization = headers.get("authorization", "")
    if authorization == "AWS" or authorization.startswith("AWS "):
        return _of_header(authorization, headers)
    if not authorization and is_v2(query):
        return _of_query(query, headers)
    return None


def _of_header(authorization: str, headers: Mapping[str, str]) -> ClaimV2:
    access_key, _, proof = authorization[len("AWS ") :].strip().rpartition(":")
    if not access_key or not proof:
        raise S3Error(
            "InvalidArgument",
            "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
            ArgumentName="Authorization",
        )
    text = headers.get("x-amz-date", headers.get("date", "")).strip()
    signed_at = from_http(text) or from_amz(text)
    if signed_at is None or not 1900 <= signed_at.year < 9999:  # beyond them it overflows
        raise S3Error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        )
    return ClaimV2(
        access_key=access_key,
        signature=proof,
        date="" if "x-amz-date" in headers else text,
        signed_at=signed_at,
        expires_at=None,
        session_token=headers.get("x-amz-security-token"),
    )


def _of_query(query: Mapping[str, str], headers: Mapping[str, str]) -> ClaimV2:
    text = query.get("Expires", "")
    if not text:
        raise S3Error(
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters",
        )
    return ClaimV2(
        access_key=query["AWSAccessKeyId"],
        signature=query["Signature"],
        date=text,
        signed_at=None,
        expires_at=_second(text),
        session_token=query.get("x-amz-security-token", headers.get("x-amz-security-token")),
    )


def _second(text: str) -> datetime:
    if not (text.isascii() and text.isdigit()):
        raise S3Error(
            "AccessDenied", "Invalid date (should be seconds since epoch): it is not a number"
        )
    second = min(int(text), _LAST) if len(text) <= 12 else _LAST
    return datetime.fromtimestamp(second, UTC)


def verify(
    claim: ClaimV2,
    method: str,
    raw_path: bytes,
    raw_query: bytes,
    headers: Mapping[str, str],
    secret: str,
    now: datetime,
    *,
    bucket: str | None = None,
) -> None:
    """Return when the claim is true of the request at the time `now`.

    `bucket` is the one that the host names, None in path style: it is signed as the first
    part of the path. `RequestTimeTooSkewed`, `AccessDenied` when the address has expired,
    `SignatureDoesNotMatch`.
    """
    _require_timely(claim, now)
    host = b"" if bucket is None else b"/" + bucket.encode()
    for path in dict.fromkeys((raw_path, canonical_path(raw_path))):
        signed = string_to_sign(claim, method, host + path, raw_query, headers)
        if hmac.compare_digest(signature(secret, signed).encode(), claim.signature.encode()):
            return
    raise mismatch(claim.access_key, claim.signature, signed)


def signature(secret: str, signed: bytes) -> str:
    """The signature, in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha1")).decode()


def string_to_sign(
    claim: ClaimV2, method: str, path: bytes, raw_query: bytes, headers: Mapping[str, str]
) -> bytes:
    """What is signed. `path` begins with the bucket, in either style of address."""
    if claim.expires_at is not None:
        headers = {**_hoisted(raw_query), **headers}
    own = sorted(name for name in headers if name.startswith("x-amz-"))
    lines = [
        method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        claim.date,
        *(f"{name}:{headers[name].strip()}" for name in own),
    ]
    return "\n".join(lines).encode("latin-1") + b"\n" + path + _signed_query(raw_query)


def _hoisted(raw_query: bytes) -> dict[str, str]:
    """The headers that a presigned address carries in its query."""
    plain = ((_plain(name).lower(), _plain(value)) for name, value in query_pairs(raw_query))
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in plain
        if name.startswith(b"x-amz-") or name in (b"content-md5", b"content-type")
    }


def _signed_query(raw: bytes) -> bytes:
    pairs = sorted(pair for pair in query_pairs(raw) if pair[0].decode("latin-1") in SUBRESOURCES)
    parts = [name + b"=" + _plain(value) if value else name for name, value in pairs]
    return b"?" + b"&".join(parts) if parts else b""


def _plain(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b"%20"))


def _require_timely(claim: ClaimV2, now: datetime) -> None:
    if claim.signed_at is not None and abs(now - claim.signed_at) > SKEW:
        raise too_skewed(to_amz(claim.signed_at), now)
    if claim.expires_at is not None and now >= claim.expires_at:
        raise expired(claim.expires_at, now, {})
