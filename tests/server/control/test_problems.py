"""Errors as problem documents."""

from __future__ import annotations

import json

import pytest

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.errors import S3Error
from holdall.server.control.problems import Refusal, refusal_of, response
from tests.server.control.test_authenticating import ask, signed
from tests.server.whole import Whole


def every_kind(kind: type[HoldallError] = HoldallError) -> list[type[HoldallError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in every_kind(below))]


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_each_error_has_a_status(kind: type[HoldallError]) -> None:
    refusal = refusal_of(kind("the words", path="/secret/place"))
    assert 400 <= refusal.status < 600
    assert "/secret/place" not in refusal.detail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotFound("no such thing"), 404, "NotFound"),
        (errors.BucketExists("taken"), 409, "BucketExists"),
        (errors.InvalidKey("bad"), 400, "InvalidKey"),
        (errors.HistoryGone("gone"), 410, "HistoryGone"),
        (S3Error("AccessDenied"), 403, "AccessDenied"),
        (Refusal(418, "Teapot", "short and stout"), 418, "Teapot"),
    ],
)
def test_what_is_the_callers_is_told(error: Exception, status: int, code: str) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code) == (status, code)


@pytest.mark.parametrize(
    "error",
    [errors.Corrupt("/var/data/x is broken"), RuntimeError("password=1"), KeyError("secret")],
)
def test_what_is_ours_is_not(error: Exception) -> None:
    answer = response(refusal_of(error), "ID")
    problem = json.loads(bytes(answer.body))
    assert answer.status_code == problem["status"] == 500
    assert problem["request_id"] == "ID"
    for word in ("/var", "password", "secret"):
        assert word not in bytes(answer.body).decode()


async def test_a_fault_names_the_place_and_not_the_value(whole: Whole) -> None:
    body = b'{"name": "no name at all, my password"}'
    status, problem, kind = await ask(
        whole, "POST", headers=signed(whole, "POST", body) | JSON, body=body
    )
    assert (status, kind, problem["code"]) == (422, "application/problem+json", "Invalid")
    assert [fault["where"] for fault in problem["faults"]] == ["body.name"]
    assert "password" not in json.dumps(problem)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff", b'{"name": "\\ud800"}'])
async def test_no_document_at_all(whole: Whole, body: bytes) -> None:
    status, problem, kind = await ask(
        whole, "POST", headers=signed(whole, "POST", body) | JSON, body=body
    )
    assert (status in (400, 422), kind) == (True, "application/problem+json"), problem


async def test_no_such_path_or_method(whole: Whole) -> None:
    status, problem, _ = await ask(
        whole, path="/api/v1/nothing", headers=signed(whole, path="/api/v1/nothing")
    )
    assert (status, problem["code"]) == (404, "NotFound")
    status, problem, _ = await ask(whole, "PUT", headers=signed(whole, "PUT"))
    assert (status, problem["code"]) == (405, "MethodNotAllowed")


JSON = {"content-type": "application/json"}
