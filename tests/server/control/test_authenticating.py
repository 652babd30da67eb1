"""Who calls the control plane: signatures, right and wrong."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from yarl import URL

from holdall.s3.signing import presign, sign_headers
from tests.server.whole import Whole

Answer = tuple[int, dict[str, Any], str]


async def ask(
    whole: Whole,
    method: str = "GET",
    path: str = "/api/v1/buckets",
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    url = URL(whole.endpoint + path, encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=headers, data=io.BytesIO(body)) as answer,
    ):
        kind = answer.headers.get("content-type", "")
        return answer.status, json.loads(await answer.text() or "{}"), kind


def signed(whole: Whole, method: str = "GET", body: bytes = b"", **changes: Any) -> dict[str, str]:
    wish: dict[str, Any] = {
        "path": "/api/v1/buckets",
        "digest": hashlib.sha256(body).hexdigest(),
        "service": "holdall",
        "now": datetime.now(UTC),
    }
    wish |= changes
    host = {"host": urlsplit(whole.endpoint).netloc}
    return host | sign_headers(
        whole.profile.credentials,
        method,
        wish["path"],
        "",
        host,
        wish["digest"],
        "us-east-1",
        wish["service"],
        wish["now"],
    )


@pytest.mark.parametrize("service", ["s3", "holdall"])
async def test_both_services_are_taken(whole: Whole, service: str) -> None:
    status, _, kind = await ask(whole, headers=signed(whole, service=service))
    assert (status, kind) == (200, "application/json")


async def test_nobody_is_told_what_to_do(whole: Whole) -> None:
    status, problem, kind = await ask(whole)
    assert (status, problem["code"], kind) == (401, "Unauthorized", "application/problem+json")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"now": datetime.now(UTC) - timedelta(hours=1)}, "RequestTimeTooSkewed"),
        ({"now": datetime.now(UTC) + timedelta(hours=1)}, "RequestTimeTooSkewed"),
        ({"path": "/api/v1/users"}, "SignatureDoesNotMatch"),
        ({"method": "PUT"}, "SignatureDoesNotMatch"),
        ({"service": "ec2"}, "AuthorizationHeaderMalformed"),
        ({"digest": hashlib.sha256(b"x").hexdigest()}, "XAmzContentSHA256Mismatch"),
    ],
)
async def test_a_wrong_signature(whole: Whole, changes: dict[str, Any], code: str) -> None:
    status, problem, kind = await ask(whole, headers=signed(whole, **changes))
    assert (problem["code"], kind) == (code, "application/problem+json")
    assert status in (400, 403)
    assert whole.profile.secret_key not in json.dumps(problem)


async def test_a_body_that_was_changed_on_the_way(whole: Whole) -> None:
    body = b'{"name": "tampered"}'
    headers = signed(whole, "POST", b'{"name": "original"}')
    status, problem, _ = await ask(whole, "POST", headers=headers, body=body)
    assert (status, problem["code"]) == (400, "XAmzContentSHA256Mismatch")


async def test_a_signed_address_only_reads(whole: Whole) -> None:
    host = {"host": urlsplit(whole.endpoint).netloc}
    for method, expected in (("GET", 200), ("POST", 403)):
        added = presign(
            whole.profile.credentials,
            method,
            "/api/v1/buckets",
            "",
            host,
            60,
            "us-east-1",
            "s3",
            datetime.now(UTC),
        )
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in added.items())
        status, _, _ = await ask(whole, method, f"/api/v1/buckets?{query}")
        assert status == expected


async def test_an_unknown_key(whole: Whole) -> None:
    headers = signed(whole)
    headers["authorization"] = headers["authorization"].replace("AKIA", "AKIB")
    status, problem, _ = await ask(whole, headers=headers)
    assert (status, problem["code"]) == (403, "InvalidAccessKeyId")


async def test_a_body_without_end(whole: Whole) -> None:
    body = b"x" * (1024 * 1024 + 1)
    headers = signed(whole, "POST", body)
    status, problem, _ = await ask(whole, "POST", headers=headers, body=body)
    assert (status, problem["code"]) == (413, "TooLarge")


async def test_what_is_for_everybody(whole: Whole) -> None:
    async with aiohttp.ClientSession() as session:
        for path, kind in (("/api/docs", "text/html"), ("/api/openapi.json", "application/json")):
            async with session.get(whole.endpoint + path) as answer:
                assert answer.status == 200
                assert answer.headers["content-type"].startswith(kind)
