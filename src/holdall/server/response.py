"""Answers: a status, headers, and a body that is bytes or a stream of them."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from holdall.s3 import xml
from holdall.s3.errors import S3Error

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Response:
    """`length` is needed with a stream, and with a HEAD answer that sends no body."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes | AsyncIterable[bytes] = b""
    length: int | None = None
    close: AbstractAsyncContextManager[object] | None = None


def xml_response(
    root: str, content: xml.Content, *, status: int = 200, headers: Headers | None = None
) -> Response:
    kept = [("content-type", "application/xml"), *(headers or ())]
    return Response(status, kept, xml.render(root, content))


def empty(status: int = 200, headers: Headers | None = None) -> Response:
    return Response(status, headers or [])


def failure(error: S3Error, *, resource: str, request_id: str, host_id: str) -> Response:
    """S3's error document ("Error responses" in its API reference). A 304 has none, and no type:
    caches would take that for the type of what they hold (RFC 9110, 15.4.5)."""
    if error.status == 304:
        return Response(304, [*error.headers])
    facts = tuple((name, value) for name, value in error.facts.items())
    content = (
        ("Code", error.code),
        ("Message", error.message),
        *facts,
        ("Resource", resource),
        ("RequestId", request_id),
        ("HostId", host_id),
    )
    headers = [("content-type", "application/xml"), *error.headers]
    return Response(error.status, headers, xml.render("Error", content, namespace=""))
