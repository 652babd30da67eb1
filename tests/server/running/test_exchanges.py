"""What is told of a request: facts, and nothing that is secret or that a client made up."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.server.exchanges import Exchange, Meter
from holdall.server.request import Request
from holdall.server.table import route_of

SIGNED = (
    b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260517/us-east-1/s3/aws4_request, "
    b"SignedHeaders=host, Signature=feedface"
)


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "raw_path": b"/bucket/key",
        "query_string": b"",
        "headers": [],
        "client": ("10.1.2.3", 4),
        **changes,
    }


async def exchanged(found: dict[str, Any], *, operation: str | None = None) -> Exchange:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"12345"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    meter = Meter(receive, send)
    await meter.receive()
    headers = [(b"x-amz-request-id", b"REQUEST"), (b"x", b"y")]
    await meter.send({"type": "http.response.start", "status": 206, "headers": headers})
    await meter.send({"type": "http.response.body", "body": b"123", "more_body": True})
    await meter.send({"type": "http.response.body", "body": b"4"})
    assert len(sent) == 3
    request = Request(found, receive, "ID", ("files.example.com",))
    with suppress(S3Error):
        request.operation = route_of(request).name
    return meter.finished(request, operation)


async def test_it_counts() -> None:
    found = await exchanged(scope())
    assert (found.status, found.received, found.sent) == (206, 5, 4)
    assert (found.operation, found.bucket, found.request_id) == ("GetObject", "bucket", "REQUEST")
    assert (found.client, found.access_key) == ("10.1.2.3", None)
    assert found.seconds > 0


@pytest.mark.parametrize(
    ("changes", "operation", "bucket"),
    [
        ({"raw_path": b"/"}, "ListBuckets", None),
        ({"raw_path": b"/bucket", "query_string": b"list-type=2"}, "ListObjectsV2", "bucket"),
        ({"method": "PUT"}, "PutObject", "bucket"),
        ({"method": "BREW"}, "Unknown", "bucket"),
        ({"raw_path": b"/%ff"}, "Unknown", None),
        ({"raw_path": b"/b%0aad/key"}, "GetObject", None),
        (
            {"raw_path": b"/key", "headers": [(b"host", b"box.files.example.com")]},
            "GetObject",
            "box",
        ),
    ],
)
async def test_what_was_meant(changes: dict[str, Any], operation: str, bucket: str | None) -> None:
    found = await exchanged(scope(**changes))
    assert (found.operation, found.bucket) == (operation, bucket)


async def test_an_operation_of_our_own() -> None:
    found = await exchanged(scope(raw_path=b"/healthz"), operation="Health")
    assert (found.operation, found.bucket) == ("Health", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": [(b"authorization", SIGNED)]},
        {"headers": [(b"authorization", b"AWS AKIDEXAMPLE:signature=")]},
        {"query_string": b"X-Amz-Credential=AKIDEXAMPLE%2F20260517%2Fus&X-Amz-Signature=feedface"},
        {"query_string": b"a=b&AWSAccessKeyId=AKIDEXAMPLE&Signature=feedface"},
    ],
)
async def test_the_key_that_is_claimed(changes: dict[str, Any]) -> None:
    found = await exchanged(scope(**changes))
    assert found.access_key == "AKIDEXAMPLE"
    assert "feedface" not in repr(found)
    assert "signature" not in repr(found).lower()


@given(st.binary(max_size=60))
async def test_no_header_writes_a_line(header: bytes) -> None:
    found = await exchanged(scope(headers=[(b"authorization", b"AWS " + header + b":x")]))
    assert found.access_key is None or found.access_key.isprintable()
