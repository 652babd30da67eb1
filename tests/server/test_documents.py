from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from types import SimpleNamespace
from zlib import crc32

import pytest

from holdall.s3.errors import S3Error
from holdall.server import documents
from holdall.server.body import Body

CONTENT = b"<Document/>"


class Trailers:
    """A decoder of a body that ends with these trailers."""

    def __init__(self, trailers: Mapping[str, str]) -> None:
        self.trailers = trailers

    def feed(self, data: bytes) -> list[bytes]:
        return [data]

    def finish(self) -> Mapping[str, str]:
        return self.trailers


def call(content=CONTENT, trailers=None, **headers):
    async def receive():
        return {"type": "http.request", "body": content, "more_body": False}

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    decoder = None if trailers is None else Trailers(trailers)
    return SimpleNamespace(
        request=SimpleNamespace(headers=named), body=Body(receive, len(content), decoder=decoder)
    )


def encoded(digest):
    return base64.b64encode(digest).decode()


async def refused(asked, **options):
    with pytest.raises(S3Error) as caught:
        await documents.read(asked, **options)
    return caught.value


MD5 = encoded(hashlib.md5(CONTENT, usedforsecurity=False).digest())
CRC32 = encoded(crc32(CONTENT).to_bytes(4, "big"))
SHA256 = encoded(hashlib.sha256(CONTENT).digest())


async def test_nothing_is_demanded():
    assert await documents.read(call()) == CONTENT


@pytest.mark.parametrize(
    "headers",
    [
        {"content_md5": MD5},
        {"x_amz_checksum_crc32": CRC32},
        {"x_amz_checksum_sha256": SHA256},
        {"content_md5": MD5, "x_amz_checksum_crc32": CRC32},
    ],
)
async def test_what_is_sent_has_to_hold(headers):
    assert await documents.read(call(**headers)) == CONTENT
    assert (await refused(call(b"<Tampered/>", **headers))).code == "BadDigest"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content_md5": "nonsense"}, "InvalidDigest"),
        ({"content_md5": ""}, "InvalidDigest"),
        ({"x_amz_checksum_crc32": "nonsense"}, "InvalidRequest"),
        ({"x_amz_checksum_crc32": CRC32, "x_amz_checksum_sha1": CRC32}, "InvalidRequest"),
    ],
)
async def test_checksums_that_are_none(headers, code):
    assert (await refused(call(**headers))).code == code


async def test_a_checksum_behind_the_body():
    headers = {
        "x_amz_trailer": "x-amz-checksum-crc32",
        "x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
    trailers = {"x-amz-checksum-crc32": CRC32}
    assert await documents.read(call(trailers=trailers, **headers)) == CONTENT
    error = await refused(call(b"<Tampered/>", trailers=trailers, **headers))
    assert error.code == "BadDigest"


async def test_none():
    assert (await refused(call(b""))).code == "MissingRequestBodyError"
    assert await documents.read(call(b""), required=False) == b""


async def test_too_much():
    assert (await refused(call(), limit=5)).code == "MaxMessageLengthExceeded"
