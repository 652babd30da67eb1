"""The errors of S3 and of the transport, each translated once into one of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import aiohttp

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.client.causes import UNMADE, broke, unreached
from holdall.s3.client.retrying import Failure, retry_after
from holdall.s3.errors import CODES, S3Error
from holdall.s3.xml import parse


class Refusal(NamedTuple):
    """What an answer says about why it is an error; "" where it says nothing."""

    status: int
    code: str = ""
    message: str = ""


KINDS: Final = MappingProxyType(
    {
        "BadDigest": errors.ChecksumMismatch,
        "BucketAlreadyExists": errors.BucketExists,
        "BucketAlreadyOwnedByYou": errors.BucketExists,
        "BucketNotEmpty": errors.BucketNotEmpty,
        # Nothing of it was done, and S3 asks to try again; so does the next one.
        "ConditionalRequestConflict": errors.Busy,
        "OperationAborted": errors.Busy,
        "ExpiredToken": errors.PermissionDenied,
        "InvalidBucketName": errors.InvalidBucketName,
        "InvalidBucketState": errors.Conflict,
        "InvalidDigest": errors.ChecksumMismatch,
        "InvalidToken": errors.PermissionDenied,
        "KeyTooLongError": errors.InvalidKey,
        "NoSuchBucket": errors.BucketNotFound,
        "NoSuchKey": errors.BlobNotFound,
        "NoSuchUpload": errors.UploadNotFound,
        "NoSuchVersion": errors.RevisionNotFound,
        "NotModified": errors.PreconditionFailed,
        "PreconditionFailed": errors.PreconditionFailed,
        "QuotaExceeded": errors.StorageFull,
        "RequestTimeout": errors.Timeout,
        "ServiceUnavailable": errors.Busy,
        "SlowDown": errors.Busy,
        "StorageFull": errors.StorageFull,
        "XAmzContentChecksumMismatch": errors.ChecksumMismatch,
        "XAmzContentSHA256Mismatch": errors.ChecksumMismatch,
    }
)
"""By S3's error code."""

STATUSES: Final = MappingProxyType(
    {
        301: errors.InvalidArgument,  # the bucket lives at another endpoint
        304: errors.PreconditionFailed,
        307: errors.InvalidArgument,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        405: errors.NotSupported,
        408: errors.Timeout,
        409: errors.Conflict,
        412: errors.PreconditionFailed,
        429: errors.Busy,
        501: errors.NotSupported,
        503: errors.Busy,
        507: errors.StorageFull,
    }
)
"""By status, for codes that are not in `KINDS` and for answers without one."""

TRANSIENT: Final = frozenset(
    {"ConditionalRequestConflict", "OperationAborted", "RequestTimeTooSkewed", "RequestTimeout"}
)
_TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
_UNSURE_STATUSES: Final = frozenset({500, 502, 504})


def refusal(status: int, body: bytes) -> Refusal:
    """Read an error answer. One without a readable body is known by its status alone."""
    try:
        found = parse(body, "Error") if body else None
    except S3Error:
        found = None
    if found is None:
        return Refusal(status)
    code = found.get("Code") or ""
    if status < 300:  # S3 sends 200 before it knows, in long copies and completions
        status = CODES[code].status if code in CODES else 500
    return Refusal(status, code, found.get("Message") or "")


def sts_refusal(status: int, body: bytes) -> Refusal:
    """The same of an answer of a token service, which wraps its error."""
    try:
        found = parse(body, "ErrorResponse").find("Error")
    except S3Error:
        found = None
    if found is None:
        return Refusal(status)
    return Refusal(status, found.get("Code") or "", found.get("Message") or "")


def refused(said: Refusal, headers: Mapping[str, str], facts: Mapping[str, Any]) -> Failure:
    """The failure that an error answer is. `facts`: bucket, key, … of the request."""
    after = retry_after(headers.get("retry-after"))
    known = {
        **facts,
        "code": said.code or None,
        "status": said.status,
        "request_id": headers.get("x-amz-request-id"),
        "retry_after": after,
    }
    if headers.get("x-amz-delete-marker") == "true":
        known |= {"marker": True, "version": headers.get("x-amz-version-id")}
    return Failure(
        _kind(said, facts)(_text(said), **known),
        transient=said.code in TRANSIENT or said.status in _TRANSIENT_STATUSES,
        unsure=said.status in _UNSURE_STATUSES,
        after=after,
    )


def _kind(said: Refusal, facts: Mapping[str, Any]) -> type[HoldallError]:
    if said.code in KINDS:
        return KINDS[said.code]
    if said.status == 404 and not said.code:  # an answer to HEAD has no body to say more
        return _missing(facts)
    default = errors.InvalidArgument if said.status < 500 else errors.StoreError
    return STATUSES.get(said.status, default)


def _missing(facts: Mapping[str, Any]) -> type[HoldallError]:
    if facts.get("revision") is not None:
        return errors.RevisionNotFound
    return errors.BucketNotFound if facts.get("key") is None else errors.BlobNotFound


def _text(said: Refusal) -> str:
    known = CODES.get(said.code)
    if not said.code:
        return f"The server answered {said.status} without a reason."
    return f"{said.code}: {said.message or (known.message if known else 'no reason was given.')}"


def broken(error: Exception, facts: Mapping[str, Any], *, changes: bool) -> Failure:
    """The failure that the transport's error is. `changes`: the request changes something.

    An answer that did not come leaves a change in doubt; a connection that was never made
    does not.
    """
    if isinstance(error, UNMADE):
        trusted = not isinstance(error, aiohttp.ClientSSLError)
        return Failure(errors.StoreError(_sentence(unreached(error)), **facts), transient=trusted)
    late = isinstance(error, asyncio.TimeoutError)
    kind = errors.OutcomeUnknown if changes else errors.Timeout if late else errors.StoreError
    text = "No answer came in time." if late else _sentence(broke(error))
    return Failure(kind(text, **facts), transient=True, unsure=True)


def garbled(facts: Mapping[str, Any], *, changes: bool) -> Failure:
    """The failure that an answer is whose body is not what S3 documents."""
    kind = errors.OutcomeUnknown if changes else errors.StoreError
    return Failure(kind("The answer could not be read.", **facts), transient=True, unsure=True)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
