"""The error answers of Cloud Storage's JSON API, each translated once into one of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.client.retrying import Failure, retry_after

STATUSES: Final = MappingProxyType(
    {
        304: errors.PreconditionFailed,
        401: errors.PermissionDenied,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        405: errors.NotSupported,
        408: errors.Timeout,
        409: errors.Conflict,
        412: errors.PreconditionFailed,
        429: errors.Busy,
        501: errors.NotSupported,
        503: errors.Busy,
    }
)
"""By status ("HTTP status and error codes for JSON")."""

_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_UNSURE: Final = frozenset({408, 500, 502, 503, 504})


def refused(
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    facts: Mapping[str, Any],
    *,
    changes: bool,
    once: bool,
) -> Failure:
    """The failure that an error answer is. `once`: the request must not take effect twice."""
    text, reason = _said(body)
    kind = _kind(status, facts, changes)
    error = kind(f"{status}: {text}", **facts, status=status, code=reason)
    unsure = changes and status in _UNSURE
    return Failure(
        error,
        transient=status in _TRANSIENT and not (once and unsure),
        unsure=unsure,
        after=retry_after(headers.get("retry-after")),
    )


def _kind(status: int, facts: Mapping[str, Any], changes: bool) -> type[HoldallError]:
    if status == 404:
        return errors.BucketNotFound if facts.get("key") is None else errors.BlobNotFound
    if status >= 500 and status not in STATUSES:
        return errors.OutcomeUnknown if changes else errors.StoreError
    return STATUSES.get(status, errors.InvalidArgument)


def _said(body: bytes) -> tuple[str, str | None]:
    """The message and the reason ("notFound", …)."""
    try:
        found = json.loads(body)["error"]
        return str(found["message"]), str(found["errors"][0]["reason"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "no reason was given.", None
