"""Signature Version 4 from the server's side: what a request claims, and whether it is true.

A claim is read first, so that the secret of the key it names can be looked up; then it is
verified. Errors and their facts are those of "Authenticating Requests (AWS Signature
Version 4)" and "Error responses" in the Amazon S3 API reference.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NoReturn

from holdall.s3.errors import S3Error
from holdall.s3.signing import (
    ALGORITHM,
    LONGEST,
    TERMINAL,
    UNSIGNED_PAYLOAD,
    Chain,
    Scope,
    canonical_path,
    canonical_query,
    canonical_request,
    query_pairs,
    signature,
    signing_key,
    string_to_sign,
)
from holdall.s3.times import from_amz, from_http, to_amz, to_iso

SKEW: Final = timedelta(minutes=15)
"""How far the clocks of a client and the server may differ."""

MAY_BE_UNSIGNED: Final = frozenset(
    {
        "x-amz-content-sha256",  # its value is a line of its own in what is signed
        "x-amz-cf-id",  # a proxy's name for the request, added on the way
    }
)

_COMPONENT: Final = re.compile(r"\s*(Credential|SignedHeaders|Signature)=(\S*)\s*")
_COMPONENTS: Final = ("Credential", "SignedHeaders", "Signature")
_PARAMETERS: Final = ("Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires")
_OTHER_ALGORITHMS: Final = ("AWS4-ECDSA-P256-SHA256",)
_NAMES: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z;-]+")
_HASH: Final = re.compile("[0-9a-fA-F]{64}")
_WORDS: Final = re.compile("UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
_SECRETS: Final = re.compile(
    rb"(?im)(^x-amz-security-token:|X-Amz-Security-Token=|"
    rb"^x-amz-(?:copy-source-)?server-side-encryption-customer-key:)[^&\n]*"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signed request says of itself; nothing of it is proved yet.

    `time` is written as in `x-amz-date`. `expires` is in seconds, None for a request that
    is signed in its header. `payload_hash` is what was signed for the body; None where the
    client does not announce it, which services other than S3 do not ask for.
    """

    access_key: str
    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str
    time: str
    expires: int | None
    session_token: str | None = field(repr=False)
    payload_hash: str | None

    @property
    def presigned(self) -> bool:
        return self.expires is not None

    @property
    def region(self) -> str:
        return self.scope.region

    @property
    def service(self) -> str:
        return self.scope.service

    @property
    def signed_at(self) -> datetime:
        time = from_amz(self.time)
        assert time is not None, "a claim is made of a time that could be read"
        return time


def claim(
    method: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    services: tuple[str, ...] = ("s3",),
) -> Claim | None:
    """What the request claims; None when it is anonymous.

    `headers` are by lower-case name, `query` is decoded. An empty `authorization` header is
    none. `AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError`,
    `InvalidArgument`, `InvalidRequest` (among others for a Signature V2, see `sigv2`), or
    `AccessDenied` for a request without a date.
    """
    authorization = headers.get("authorization", "")
    in_query = "X-Amz-Algorithm" in query or "X-Amz-Signature" in query
    if authorization and (in_query or is_v2(query)):
        raise _two_mechanisms()
    if in_query:
        return _of_query(query, headers, services)
    if authorization:
        return _of_header(authorization, headers, services)
    if is_v2(query):
        raise unsupported()
    return None


def is_v2(query: Mapping[str, str]) -> bool:
    """Whether the query holds a Signature Version 2."""
    return "Signature" in query and "AWSAccessKeyId" in query


def unsupported() -> S3Error:
    return S3Error(
        "InvalidRequest",
        f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}.",
    )


def _two_mechanisms() -> S3Error:
    return S3Error(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
        ArgumentName="Authorization",
    )


def _of_header(text: str, headers: Mapping[str, str], services: tuple[str, ...]) -> Claim:
    kind, _, rest = text.strip().partition(" ")
    if kind == "AWS" or kind in _OTHER_ALGORITHMS:
        raise unsupported()
    if kind != ALGORITHM:
        # The value may be somebody's password: it is not repeated.
        raise S3Error(
            "InvalidArgument", "Unsupported Authorization Type", ArgumentName="Authorization"
        )
    head, _, last = rest.rpartition(",")
    parts = {**_components(head), **_component(last)}
    for name in _COMPONENTS:
        if not parts.get(name):
            raise _malformed(f"missing {name}.")
    try:
        access_key, scope = credential(parts["Credential"], services)
    except ValueError as error:
        raise _malformed(str(error)) from None
    return Claim(  # by position, which takes half the time
        access_key,
        scope,
        _names_of_header(parts["SignedHeaders"]),
        parts["Signature"],
        _time_of(headers),
        None,
        headers.get("x-amz-security-token"),
        _announced_hash(headers, scope),
    )


def _malformed(reason: str) -> S3Error:
    return S3Error(
        "AuthorizationHeaderMalformed", f"The authorization header is malformed; {reason}"
    )


@lru_cache(maxsize=256)  # a client says the same all day but for the last, its signature
def _components(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        found |= _component(part)
    return found


def _component(text: str) -> dict[str, str]:
    match = _COMPONENT.fullmatch(text)
    if match is None:
        raise _malformed(
            "the authorization header requires three components: Credential, "
            "SignedHeaders, and Signature."
        )
    return {match[1]: match[2]}


@lru_cache(maxsize=256)
def credential(text: str, services: tuple[str, ...]) -> tuple[str, Scope]:
    """The key and the scope. `ValueError` that says what is wrong with them."""
    parts = text.rsplit("/", 4)  # an access key of ours has no slash; of others it may
    if len(parts) != 5 or not all(parts):
        raise ValueError(
            "the Credential is mal-formed; expecting "
            f'"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/{TERMINAL}".'
        )
    access_key, date, region, service, terminal = parts
    if terminal != TERMINAL:
        raise ValueError(f'incorrect terminal "{terminal}". This endpoint uses "{TERMINAL}".')
    if service not in services:
        known = '" or "'.join(services)
        raise ValueError(f'incorrect service "{service}". This endpoint belongs to "{known}".')
    if len(date) != 8 or from_amz(f"{date}T000000Z") is None:
        raise ValueError(
            f'incorrect date format "{date}". This date in the credential must be in the '
            'format "yyyyMMdd".'
        )
    return access_key, Scope(date, region, service)


@lru_cache(maxsize=256)
def _names_of_header(text: str) -> tuple[str, ...]:
    if _NAMES.fullmatch(text) is None:
        raise _malformed("SignedHeaders is mal-formed.")
    return tuple(text.lower().split(";"))


def _time_of(headers: Mapping[str, str]) -> str:
    """`x-amz-date`, else `date` in either of its two forms."""
    text = headers.get("x-amz-date", headers.get("date", "")).strip()
    time = from_amz(text)
    if time is None and "x-amz-date" not in headers:
        time = from_http(text)
        text = "" if time is None else to_amz(time)
    if time is None or not 1900 <= time.year < 9999:  # beyond them arithmetic overflows
        raise S3Error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        )
    return text


def _announced_hash(headers: Mapping[str, str], scope: Scope) -> str | None:
    text = headers.get("x-amz-content-sha256")
    if text is None:
        if scope.service != "s3":
            return None
        raise S3Error(
            "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
        )
    return _checked_hash(text)


def _checked_hash(text: str) -> str:
    if _HASH.fullmatch(text) is None and _WORDS.fullmatch(text) is None:
        raise S3Error(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=text,
        )
    return text


def _of_query(
    query: Mapping[str, str], headers: Mapping[str, str], services: tuple[str, ...]
) -> Claim:
    if not all(query.get(f"X-Amz-{name}") for name in _PARAMETERS):
        names = ", ".join(f"X-Amz-{name}" for name in _PARAMETERS)
        raise _query_error(
            f"Query-string authentication version 4 requires the {names} parameters."
        )
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise _query_error(f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    try:
        access_key, scope = credential(query["X-Amz-Credential"], services)
    except ValueError as error:
        reason = f"Error parsing the X-Amz-Credential parameter; {error}"
        raise _query_error(reason) from None
    if _NAMES.fullmatch(query["X-Amz-SignedHeaders"]) is None:
        raise _query_error("X-Amz-SignedHeaders is mal-formed.")
    signed = tuple(query["X-Amz-SignedHeaders"].lower().split(";"))
    return Claim(
        access_key=access_key,
        scope=scope,
        signed_headers=signed,
        signature=query["X-Amz-Signature"],
        time=_time_of_query(query["X-Amz-Date"], scope),
        expires=_expires(query["X-Amz-Expires"]),
        session_token=query.get("X-Amz-Security-Token", headers.get("x-amz-security-token")),
        payload_hash=_presigned_hash(query, headers, signed),
    )


def _query_error(reason: str) -> S3Error:
    return S3Error("AuthorizationQueryParametersError", reason)


def _time_of_query(text: str, scope: Scope) -> str:
    if from_amz(text) is None:
        raise _query_error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    if text[:8] != scope.date:
        raise _query_error(_other_day(text, scope))
    return text


def _other_day(time: str, scope: Scope) -> str:
    return (
        f'Invalid credential date "{scope.date}". '
        f'This date is not the same as X-Amz-Date: "{time[:8]}".'
    )


def _expires(text: str) -> int:
    if re.fullmatch("-?[0-9]+", text) is None:
        raise _query_error("X-Amz-Expires should be a number")
    if text.startswith("-"):
        raise _query_error("X-Amz-Expires must be non-negative")
    if len(text) > 9 or int(text) > LONGEST:
        raise _query_error(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            f"X-Amz-Expires must be less than {LONGEST} seconds"
        )
    return int(text)


def _presigned_hash(
    query: Mapping[str, str], headers: Mapping[str, str], signed: Collection[str]
) -> str:
    name = "x-amz-content-sha256"
    if name in signed and name in headers:
        return _checked_hash(headers[name])
    return _checked_hash(query.get("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD))


def verify(
    claim: Claim,
    method: str,
    raw_path: bytes,
    raw_query: bytes,
    headers: Mapping[str, str],
    secret: str,
    now: datetime,
    *,
    payload_hash: str | None = None,
) -> None:
    """Return when the claim is true of the request at the time `now`.

    `payload_hash` is the SHA-256 of the body, needed where the claim has none.
    `RequestTimeTooSkewed`, `AccessDenied` (too late, too early, headers that are not
    signed), or `SignatureDoesNotMatch` with what was signed here, to be compared by eye.
    """
    _require_timely(claim, now)
    _require_signed(claim, headers)
    covered = claim.payload_hash if claim.payload_hash is not None else payload_hash
    assert covered is not None, "the hash of the body is needed for this service"
    key = signing_key(secret, claim.scope)
    candidates = _candidates(claim, method, raw_path, raw_query, headers, covered)
    for canonical in candidates:
        ours = signature(key, string_to_sign(claim.time, claim.scope, canonical))
        if hmac.compare_digest(ours.encode(), claim.signature.encode()):
            return
    # The last one is escaped as the documentation says.
    _refuse(claim, canonical)


def _candidates(
    claim: Claim,
    method: str,
    raw_path: bytes,
    raw_query: bytes,
    headers: Mapping[str, str],
    payload_hash: str,
) -> Iterator[bytes]:
    """What the client may have signed. Clients differ in what they escape: some sign what
    they send, some sign what the documentation says and send something else. Both pin the
    decoded path and query down, so that a signature good for one of them is good."""
    queries = _queries(raw_query, claim) if raw_query else (b"",)
    for path in dict.fromkeys((raw_path, canonical_path(raw_path))):
        for query in queries:
            yield canonical_request(
                method, path, query, headers, claim.signed_headers, payload_hash
            )


def _queries(raw: bytes, claim: Claim) -> Collection[bytes]:
    without = "X-Amz-Signature" if claim.presigned else ""
    pairs = (pair for pair in query_pairs(raw) if pair[0] != without.encode())
    sent = b"&".join(name + b"=" + value for name, value in sorted(pairs))
    return dict.fromkeys((sent, canonical_query(raw, without=without)))


def _require_timely(claim: Claim, now: datetime) -> None:
    if claim.expires is not None:
        _require_valid(claim.signed_at, claim.expires, now)
        return
    if abs(now - claim.signed_at) > SKEW:
        raise too_skewed(claim.time, now)
    if claim.time[:8] != claim.scope.date:
        raise _malformed(_other_day(claim.time, claim.scope))


def too_skewed(time: str, now: datetime) -> S3Error:
    return S3Error(
        "RequestTimeTooSkewed",
        RequestTime=time,
        ServerTime=to_iso(now),
        MaxAllowedSkewMilliseconds=str(SKEW // timedelta(milliseconds=1)),
    )


def _require_valid(start: datetime, expires: int, now: datetime) -> None:
    if start - now > SKEW:
        raise S3Error("AccessDenied", "Request is not valid yet", ServerTime=to_iso(now))
    end = start + timedelta(seconds=expires)
    if now >= end:
        raise expired(end, now, {"X-Amz-Expires": str(expires)})


def expired(end: datetime, now: datetime, facts: Mapping[str, str]) -> S3Error:
    error = S3Error("AccessDenied", "Request has expired")
    error.facts |= {**facts, "Expires": to_iso(end), "ServerTime": to_iso(now)}
    return error


def _require_signed(claim: Claim, headers: Mapping[str, str]) -> None:
    """S3 demands `host`, `content-md5` and whatever begins with `x-amz-`: a header that is
    not signed could have been added by anybody on the way."""
    unsigned = _unsigned(tuple(headers), claim.signed_headers)
    if unsigned:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )


@lru_cache(maxsize=256)
def _unsigned(names: tuple[str, ...], signed: tuple[str, ...]) -> list[str]:
    return sorted(
        name
        for name in {"host", *names}.difference(signed, MAY_BE_UNSIGNED)
        if name in ("host", "content-md5") or name.startswith("x-amz-")
    )


def _refuse(claim: Claim, canonical: bytes) -> NoReturn:
    raise mismatch(
        claim.access_key,
        claim.signature,
        string_to_sign(claim.time, claim.scope, canonical),
        canonical,
    )


def mismatch(access_key: str, given: str, signed: bytes, canonical: bytes = b"") -> S3Error:
    """The answer to a wrong signature: what was signed here, never the right signature.

    Session tokens and encryption keys that the client sent are not repeated.
    """
    signed = _SECRETS.sub(rb"\1(not shown)", signed)
    facts = {
        "AWSAccessKeyId": access_key,
        "StringToSign": _shown(signed),
        "SignatureProvided": given,
        "StringToSignBytes": signed.hex(" "),
    }
    if canonical:
        canonical = _SECRETS.sub(rb"\1(not shown)", canonical)
        facts |= {
            "CanonicalRequest": _shown(canonical),
            "CanonicalRequestBytes": canonical.hex(" "),
        }
    error = S3Error("SignatureDoesNotMatch")
    error.facts |= facts
    return error


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def chain_of(claim: Claim, secret: str) -> Chain:
    """The chain of signatures of the body's chunks, which the request's own begins."""
    return Chain(signing_key(secret, claim.scope), claim.time, claim.scope, claim.signature)
