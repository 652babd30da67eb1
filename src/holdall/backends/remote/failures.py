"""The problems that a control plane answers with (RFC 9457), as errors of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.client import failures
from holdall.s3.client.retrying import Failure, retry_after

FLOOR: Final = "x-holdall-history-floor"
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_UNSURE: Final = frozenset({500, 502, 504})
_STATUSES: Final[Mapping[int, type[HoldallError]]] = {
    401: errors.PermissionDenied,
    410: errors.HistoryGone,
}
"""Beside those of S3."""


def refused(
    status: int, headers: Mapping[str, str], body: bytes, facts: Mapping[str, Any]
) -> Failure:
    """The failure that an answer is. `facts`: what the request named."""
    problem = _problem(body)
    code = problem.get("code")
    known = {
        **facts,
        "code": code,
        "status": status,
        "request_id": headers.get("x-amz-request-id"),
        "floor": headers.get(FLOOR),
    }
    return Failure(
        kind(str(code), status)(_said(problem, status), **known),
        transient=status in _TRANSIENT,
        unsure=status in _UNSURE,
        after=retry_after(headers.get("retry-after")),
    )


def kind(code: str, status: int = 500) -> type[HoldallError]:
    """The class of an error by its stable word: the class's own name, or a code of S3."""
    found = getattr(errors, code, None)
    if isinstance(found, type) and issubclass(found, HoldallError):
        return found
    if code in failures.KINDS:
        return failures.KINDS[code]
    default = errors.InvalidArgument if status < 500 else errors.StoreError
    return _STATUSES.get(status) or failures.STATUSES.get(status, default)


def _problem(body: bytes) -> Mapping[str, Any]:
    """Empty where the answer is none of ours, such as a proxy's."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(problem: Mapping[str, Any], status: int) -> str:
    """What it says, as far as it is a problem of ours."""
    detail = problem.get("detail") or f"The server answered {status} without a reason."
    try:
        faults = [f"{each['where']}: {each['what']}" for each in problem["faults"]]
    except (KeyError, TypeError):
        faults = []
    return f"{detail} {'; '.join(faults)}".strip()
