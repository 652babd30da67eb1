"""GetObject and HeadObject: an object, whole or a range or a part of it."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.backends.protocol import Reading
from holdall.core.errors import BlobNotFound, RevisionNotFound, WrongKey
from holdall.core.values import Revision, Span
from holdall.engine.marks import get_marks
from holdall.engine.open import open_blob
from holdall.s3 import ranges
from holdall.s3.errors import S3Error
from holdall.server import (
    conditions,
    descriptions,
    encryption,
    locks,
    parts,
    shown_checksums,
)
from holdall.server.call import Call
from holdall.server.finding import found
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.objects import describing
from holdall.server.parts import Chosen
from holdall.server.response import Headers, Response
from holdall.server.routes import Route

OVERRIDES = (
    "content-type",
    "content-language",
    "expires",
    "cache-control",
    "content-disposition",
    "content-encoding",
)
SMALL = 64 * 1024
"""Bytes that are sent in one piece."""


async def get_object(call: Call) -> Response:
    if "range" in call.request.headers or "partNumber" in call.query:
        return await _get_some(call)
    reading = await _opened(call, call.version, None)
    try:
        response = _answer(call, reading.revision)
        if call.bucket.locked or reading.revision.tags:
            response.headers += await _for_some(call, reading.revision)
        return await _sending(reading, response)
    except BaseException:
        await reading.aclose()
        raise


async def head_object(call: Call) -> Response:
    revision = await found(call)
    part = await _part(call, revision) if "partNumber" in call.query else None
    response = _answer(call, revision, part)
    if call.bucket.locked or revision.tags:
        response.headers += await _for_some(call, revision)
    return response


async def _get_some(call: Call) -> Response:
    """A range of it: the version that was looked at is the one that is read."""
    revision = await found(call)
    part = await _part(call, revision) if "partNumber" in call.query else None
    response = _answer(call, revision, part)
    if call.bucket.locked or revision.tags:
        response.headers += await _for_some(call, revision)
    start, end = _span(call.request.headers, revision, part) or (0, revision.size)
    reading = await _opened(call, revision.version, Span(start, end))
    return await _sending(reading, response)


async def _part(call: Call, revision: Revision) -> Chosen:
    """The part that is asked for by its number."""
    if "range" in call.request.headers:
        raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber")
    return await parts.choose(call, revision, call.query["partNumber"])


async def _for_some(call: Call, revision: Revision) -> Headers:
    """What is told of an object only to those who may ask for it alone (S3 GetObject)."""
    found = await _tag_count(call, revision) if revision.tags else []
    if call.bucket.locked:
        marks = await get_marks(call.engine, call.bucket.id, call.key, revision.version)
        found += await locks.lock_headers(call, marks)
    return found


async def _tag_count(call: Call, revision: Revision) -> Headers:
    action = "s3:GetObjectTagging" if call.version is None else "s3:GetObjectVersionTagging"
    if not await call.may(action, key=call.key, version=call.version):
        return []
    return [("x-amz-tagging-count", str(len(revision.tags)))]


async def _opened(call: Call, version: str | None, span: Span | None) -> Reading:
    unseal = encryption.unseal_of(encryption.customer_of(call.request))
    try:
        return await open_blob(call.engine, call.bucket.id, call.key, version, span, unseal)
    except (BlobNotFound, RevisionNotFound):
        await found(call)  # says what is the matter
        raise
    except WrongKey:
        encryption.check_read(call, await found(call))  # so does this
        raise


async def _sending(reading: Reading, response: Response) -> Response:
    start, end = reading.span
    response.length = end - start
    if response.length <= SMALL:
        async with reading:
            response.body = await reading.read()
    else:
        response.body, response.close = reading, reading
    return response


def _answer(call: Call, revision: Revision, part: Chosen | None = None) -> Response:
    """The whole answer but for its body, with the conditions of the request met."""
    encryption.check_read(call, revision)
    asked, bucket = call.request.headers, call.bucket
    headers = describing(revision, bucket.versioning)
    conditions.check_read(asked, revision, headers)
    headers += descriptions.headers(call, revision)
    span = _span(asked, revision, part)
    headers += encryption.headers(revision.attributes)
    if part is not None:
        headers += parts.headers(revision)
    if span is not None:
        headers.append(("content-range", f"bytes {span[0]}-{span[1] - 1}/{revision.size}"))
    if asked.get("x-amz-checksum-mode") == "ENABLED":
        headers += _checksums(revision, span, part)
    if call.version is None:
        headers += lifecycle_headers.of_object(bucket, revision, call.state.now)
    headers.append(("content-type", revision.content_type))
    length = revision.size if span is None else span[1] - span[0]
    return Response(200 if span is None else 206, _overridden(call, headers), length=length)


def _span(
    asked: Mapping[str, str], revision: Revision, part: Chosen | None
) -> tuple[int, int] | None:
    """The bytes of the range or part that is asked for."""
    if part is not None:
        return part.span
    wanted = asked.get("range")
    if wanted is None or not conditions.range_holds(asked.get("if-range"), revision):
        return None
    return ranges.resolve(wanted, revision.size)


def _checksums(revision: Revision, span: tuple[int, int] | None, part: Chosen | None) -> Headers:
    """Of the bytes that are sent: of the object when that is all of them."""
    if part is not None and part.part is not None and revision.parts > 1:
        return parts.checksum_headers(revision, part.part)
    return shown_checksums.headers(revision) if span in (None, (0, revision.size)) else []


def _overridden(call: Call, headers: Headers) -> Headers:
    """`response-content-type` and its like, for those who signed for it (S3 GetObject)."""
    if not call.query:
        return headers
    wanted = {name: call.query.get(f"response-{name}") for name in OVERRIDES}
    if not any(value is not None for value in wanted.values()):
        return headers
    if call.caller.kind == "anonymous":
        raise S3Error(
            "InvalidRequest",
            "Request specific response headers cannot be used for anonymous GET requests.",
        )
    kept = [(name, value) for name, value in headers if wanted.get(name) is None]
    return kept + [(name, value) for name, value in wanted.items() if value is not None]


GET = Route(
    name="GetObject",
    method="GET",
    level="object",
    action="s3:GetObject",
    versioned_action="s3:GetObjectVersion",
    acl="READ",
    handle=get_object,
)
HEAD = Route(
    name="HeadObject",
    method="HEAD",
    level="object",
    action="s3:GetObject",
    versioned_action="s3:GetObjectVersion",
    acl="READ",
    handle=head_object,
)
