"""Small request bodies: the documents that configure buckets and objects, read and checked.

S3 demands Content-MD5 or a checksum for some of them and SDKs send what they like; what is
sent is held against the bytes, what is not sent is not demanded.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from holdall.core.checksums import digester
from holdall.engine import settings
from holdall.s3 import checksums
from holdall.s3.checksums import Announced
from holdall.s3.errors import S3Error
from holdall.server.call import Call
from holdall.server.response import Headers, Response

Value = TypeVar("Value")

SMALL = 256 * 1024
"""Bytes of most documents: 100 CORS rules, 50 tags, a policy."""


async def read(call: Call, limit: int = SMALL, *, required: bool = True) -> bytes:
    """The whole body, proved to be the one that was announced.

    `MissingRequestBodyError` for none where one is required; `InvalidDigest`, `InvalidRequest`
    for checksums that are none; `BadDigest` for a body that has others; and what `Body.read`
    raises.
    """
    headers = call.request.headers
    md5, announced = checksums.content_md5(headers), checksums.announced(headers)
    content = await call.body.read(limit)
    if md5 is not None and not _has(content, "md5", md5):
        raise S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.")
    if announced is not None:
        _check(content, announced, call.body.trailers)
    if required and not content:
        raise S3Error("MissingRequestBodyError")
    return content


def _check(content: bytes, announced: Announced, trailers: Mapping[str, str]) -> None:
    expected = announced.expected
    if expected is None:
        expected = checksums.from_trailer(announced, trailers)
    if not _has(content, announced.algorithm, expected):
        raise checksums.mismatch(announced.algorithm)


def _has(content: bytes, algorithm: str, expected: bytes) -> bool:
    running = digester(algorithm)
    running.update(content)
    return hmac.compare_digest(running.digest(), expected)


async def keep(call: Call, name: str, value: str) -> None:
    """Make or replace a document of the bucket."""
    await settings.put(call.engine, call.bucket.id, name, value)


async def drop(call: Call, name: str) -> None:
    """Take a document away; none is no error (S3 DeleteBucketPolicy and its like)."""
    await settings.delete(call.engine, call.bucket.id, name)


def needed(call: Call, name: str, code: str) -> str:
    """A document of the bucket; the error of that code where there is none."""
    found = call.bucket.settings.get(name)
    if found is None:
        raise S3Error(code, BucketName=call.bucket.name)
    return found


def xml_answer(text: str, headers: Headers | None = None) -> Response:
    """A document as it is stored, which is as S3 shows it."""
    kept = [("content-type", "application/xml"), *(headers or ())]
    return Response(headers=kept, body=text.encode())


def remembered(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A reader of stored documents that remembers some that it read: the texts are the keys,
    and a text may be as long as a megabyte."""
    return lru_cache(maxsize=32)(read)
