"""Errors of the control plane as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.errors import S3Error
from holdall.server.failures import translate

MEDIA_TYPE: Final = "application/problem+json"
_TELLING: Final = (
    errors.InvalidArgument,
    errors.NotFound,
    errors.Conflict,
    errors.PreconditionFailed,
    errors.PermissionDenied,
    errors.HistoryGone,
    errors.NotSupported,
)
"""Their messages speak of the caller's own words; the others may name paths."""


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(examples=["body.name"])
    what: str


class Problem(BaseModel):
    """What went wrong. `code` is a stable word for programs, `detail` a sentence for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(examples=["NotFound"])
    detail: str
    request_id: str
    faults: list[Fault] = []


class Refusal(Exception):
    """An answer that is a problem, decided by the control plane itself."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}


def forbidden(detail: str) -> Refusal:
    return Refusal(403, "Forbidden", detail)


def refusal_of(error: Exception) -> Refusal:
    """Any error as an answer; what is nobody's business becomes a plain 500."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, S3Error):
        return Refusal(error.status, error.code, error.message, headers=dict(error.headers))
    if isinstance(error, HoldallError):
        return _of_holdall(error)
    return Refusal(500, "InternalError", "We met an internal error. Please try again.")


def _of_holdall(error: HoldallError) -> Refusal:
    known = translate(error)
    code = type(error).__name__ if isinstance(error, _TELLING) else known.code
    status = 410 if isinstance(error, errors.HistoryGone) else known.status
    detail = error.message if isinstance(error, _TELLING) else known.message
    return Refusal(status, code, detail)


def response(
    refusal: Refusal, request_id: str, faults: list[dict[str, Any]] | None = None
) -> JSONResponse:
    problem = Problem(
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        request_id=request_id,
        faults=[Fault(**fault) for fault in faults or ()],
    )
    return JSONResponse(
        problem.model_dump(),
        refusal.status,
        refusal.headers,
        media_type=MEDIA_TYPE,
    )
