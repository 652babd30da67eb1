"""The errors of Azure and of the transport, each translated once into one of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import aiohttp
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from holdall.core import errors
from holdall.core.errors import HoldallError

KINDS: Final = MappingProxyType(
    {
        "BlobAlreadyExists": errors.PreconditionFailed,
        "BlobArchived": errors.Conflict,
        "BlobImmutableDueToPolicy": errors.Locked,
        "BlobNotFound": errors.BlobNotFound,
        "CannotVerifyCopySource": errors.BlobNotFound,
        "ConditionNotMet": errors.PreconditionFailed,
        "ContainerAlreadyExists": errors.BucketExists,
        "ContainerBeingDeleted": errors.BucketNotFound,
        "ContainerNotFound": errors.BucketNotFound,
        "InvalidBlockList": errors.Conflict,  # another writer of the key has swept our blocks
        "InvalidResourceName": errors.InvalidArgument,
        "LeaseIdMissing": errors.Locked,
        "Md5Mismatch": errors.ChecksumMismatch,
        "MetadataTooLarge": errors.InvalidArgument,
        "PublicAccessNotPermitted": errors.PermissionDenied,
        "OperationTimedOut": errors.Timeout,
        "ServerBusy": errors.Busy,
        "SourceConditionNotMet": errors.PreconditionFailed,
        "TargetConditionNotMet": errors.PreconditionFailed,
    }
)
"""By Azure's error code ("Blob Storage error codes", "Common REST API error codes")."""

STATUSES: Final = MappingProxyType(
    {
        304: errors.PreconditionFailed,
        401: errors.PermissionDenied,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.Conflict,
        412: errors.PreconditionFailed,
        429: errors.Busy,
        501: errors.NotSupported,
        503: errors.Busy,
    }
)
"""By status, for codes that are not in `KINDS` and for answers without one."""


@contextmanager
def translated(
    bucket: str | None = None, key: str | None = None, *, changes: bool = False
) -> Iterator[None]:
    """Turn what azure-storage-blob raises into ours; `changes`: the request changes something."""
    try:
        yield
    except AzureError as error:
        raise _translation(error, {"bucket": bucket, "key": key}, changes) from error


def _translation(error: AzureError, facts: Mapping[str, Any], changes: bool) -> HoldallError:
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return refused(error.status_code, _code(error), error.reason, facts, changes=changes)
    if isinstance(error, ClientAuthenticationError):
        return errors.PermissionDenied("No access token was given.", **facts)
    if isinstance(error.inner_exception, aiohttp.ClientConnectorError):
        return errors.StoreError(f"The server cannot be reached: {error.message}.", **facts)
    kind = errors.OutcomeUnknown if changes else errors.StoreError
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):  # the former is no promise
        return kind(f"The connection broke: {error.message}.", **facts)
    return kind(f"The answer could not be read: {error.message}.", **facts)


def refused(
    status: int, code: str, reason: str | None, facts: Mapping[str, Any], *, changes: bool
) -> HoldallError:
    """The error that an answer is. `code` is Azure's, "" where there is none."""
    kind = KINDS.get(code) or STATUSES.get(status)
    if kind is None or status in (500, 502, 504):
        kind = _unexpected(status, code, changes)
    text = f"{code or status}: {reason or 'no reason was given.'}"
    return kind(text, **facts, code=code or None, status=status)


def _unexpected(status: int, code: str, changes: bool) -> type[HoldallError]:
    if status < 500:
        return errors.InvalidArgument
    return errors.OutcomeUnknown if changes else KINDS.get(code, errors.StoreError)


def _code(error: HttpResponseError) -> str:
    """As text; azure-storage-blob gives a member of an enumeration, or whatever came."""
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))
