"""CompleteMultipartUpload: the parts that are named become the object, at once."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Final, NoReturn
from urllib.parse import quote

from holdall.core.errors import InvalidArgument, NotFound, PartTooSmall, UploadNotFound
from holdall.core.values import PartChoice, Revision, UploadChecksum
from holdall.s3 import checksums as wire
from holdall.s3 import xml
from holdall.s3.checksums import ChecksumType, Multipart
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.s3.xml import Element
from holdall.server import (
    conditions,
    descriptions,
    encryption,
    shown_checksums,
    uploads,
)
from holdall.server.call import Call
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.objects import version_header
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route
from holdall.server.uploads import Open

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a body of 10,000 parts, with checksums and as much white space."""

MOST: Final = 10_000
SIZE: Final = "x-amz-mp-object-size"
_MD5: Final = re.compile("[0-9a-f]{32}")


async def complete_multipart_upload(call: Call) -> Response:
    body = await _body(call)
    chosen = _parts(
        await asyncio.to_thread(xml.parse, body, "CompleteMultipartUpload", elements=xml.OF_PARTS)
    )
    precondition = conditions.write_precondition(call.request.headers)
    await conditions.require_sight(call)
    try:
        open = await uploads.resume(call)
    except UploadNotFound:
        return _answer(call, await _made_before(call, chosen))
    encryption.check_completion(call, open.record.attributes)
    checksum = _checksum(call.request.headers, open, chosen)
    await _require_size(call.header(SIZE), open, chosen)
    try:
        revision = await open.upload.complete(
            chosen, precondition=precondition, least=uploads.LEAST_PART, checksum=checksum
        )
    except InvalidArgument as error:
        _refuse(error)
    except UploadNotFound:  # by somebody who asked for the same a moment ago
        revision = await _made_before(call, chosen)
    return _answer(call, revision)


async def _body(call: Call) -> bytes:
    """The list of parts. Checksums in its headers speak of the object, but for Content-MD5."""
    expected = wire.content_md5(call.request.headers)
    body = await call.body.read(LARGEST)
    if expected is not None:
        actual = md5(body, usedforsecurity=False).digest()
        if not hmac.compare_digest(actual, expected):
            raise S3Error("BadDigest")
    return body


def _parts(tree: Element) -> list[PartChoice]:
    """`MalformedXML` unless there are 1 to 10,000 of them."""
    parts = [_part(element) for element in tree.all("Part")]
    if not 0 < len(parts) <= MOST:
        raise S3Error("MalformedXML")
    return parts


def _part(element: Element) -> PartChoice:
    number = element.need("PartNumber").strip()
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise S3Error("MalformedXML")
    return PartChoice(int(number), element.need("ETag").strip().strip('"'), _digests(element))


def _digests(element: Element) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for child in element.children:
        algorithm = wire.algorithm_of(child.name) if child.name.startswith("Checksum") else None
        if algorithm is not None and child.text:
            found[algorithm] = wire.decode(algorithm, child.text)
    return found


def _checksum(
    headers: Mapping[str, str], open: Open, chosen: Sequence[PartChoice]
) -> UploadChecksum:
    """What the object's checksum is to be. `InvalidRequest`, `BadDigest`."""
    asked = shown_checksums.asked(open.record.attributes)
    if asked is not None and asked.type is ChecksumType.COMPOSITE:
        _require_each(asked, chosen)
    wanted = shown_checksums.wanted(open.record.attributes)
    expected = _expected(headers, wanted, len(chosen))
    return UploadChecksum(wanted.algorithm, wanted.type.value, expected)


def _require_each(asked: Multipart, chosen: Sequence[PartChoice]) -> None:
    for part in chosen:
        if asked.algorithm not in part.checksums:
            raise S3Error(
                "InvalidRequest",
                f"The upload was created using a {asked.algorithm} checksum. The complete request"
                " must include the checksum for each part. It was missing for part"
                f" {part.number} in the request.",
            )


def _expected(headers: Mapping[str, str], wanted: Multipart, count: int) -> bytes | None:
    """The checksum of the object that the headers announce."""
    named = [name for name in wire.LENGTHS if wire.header_name(name) in headers]
    if len(named) > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    _require_type(headers.get("x-amz-checksum-type"), wanted)
    if not named:
        return None
    if named[0] != wanted.algorithm:
        raise S3Error(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.algorithm}, actual"
            f" checksum Type: {named[0]}",
        )
    digest, parts = wire.decode_composite(named[0], headers[wire.header_name(named[0])])
    if parts not in (None, count):
        raise wire.mismatch(named[0])
    return digest


def _require_type(text: str | None, wanted: Multipart) -> None:
    if text is None:
        return
    if text.upper() not in ChecksumType.__members__:
        raise S3Error("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    if text.upper() != wanted.type.value:
        raise S3Error(
            "BadDigest",
            f"The upload was created using the {wanted.type.value} checksum mode. The complete"
            " request must use the same checksum mode.",
        )


async def _require_size(text: str | None, open: Open, chosen: Sequence[PartChoice]) -> None:
    """`InvalidRequest` where the parts do not come to what was announced."""
    if text is None:
        return
    if natural(text) is None:
        raise S3Error("InvalidRequest", f"Value for {SIZE} header is invalid.")
    sizes = {part.number: part.size for part in await open.upload.parts()}
    actual = sum(sizes.get(part.number, 0) for part in chosen)
    if actual != natural(text):
        raise S3Error(
            "InvalidRequest",
            f"The provided '{SIZE}' header value {text} does not match what was computed: {actual}",
        )


def _refuse(error: InvalidArgument) -> NoReturn:
    if isinstance(error, PartTooSmall):
        raise S3Error(
            "EntityTooSmall",
            ProposedSize=str(error.size),
            MinSizeAllowed=str(error.least),
            PartNumber=str(error.number),
            ETag=str(error.etag),
        ) from error
    if error.reason is None:
        raise error
    raise S3Error("InvalidPartOrder" if error.reason == "order" else "InvalidPart") from error


async def _made_before(call: Call, chosen: Sequence[PartChoice]) -> Revision:
    """A completion that is sent again, its first answer lost, is answered as then: the object
    is still what these parts make. `NoSuchUpload` otherwise."""
    try:
        revision = await call.store.head(call.bucket.id, call.key)
    except NotFound:
        raise S3Error("NoSuchUpload") from None
    if revision.parts != len(chosen) or revision.etag != _etag(chosen):
        raise S3Error("NoSuchUpload")
    return revision


def _etag(chosen: Sequence[PartChoice]) -> str | None:
    """The entity tag that S3 gives to the parts' MD5s together."""
    tags = [part.etag or "" for part in chosen]
    if not all(_MD5.fullmatch(tag) for tag in tags):
        return None
    whole = md5(b"".join(bytes.fromhex(tag) for tag in tags), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(tags)}"


def _answer(call: Call, revision: Revision) -> Response:
    host = call.header("host") or ""
    scheme = "https" if call.request.secure else "http"
    path = quote(call.request.raw_path.decode("latin-1"), safe="/%~!$&'()*+,;=:@")
    return xml_response(
        "CompleteMultipartUploadResult",
        [
            ("Location", f"{scheme}://{host}{path}"),
            ("Bucket", call.bucket.name),
            ("Key", call.key),
            ("ETag", f'"{revision.etag}"'),
            *shown_checksums.nodes(revision),
        ],
        headers=[
            *version_header(revision, call.bucket.versioning),
            *descriptions.headers(call, revision),
            *encryption.by_server(revision.attributes),
            *lifecycle_headers.of_object(call.bucket, revision, call.state.now),
        ],
    )


ROUTE = Route(
    name="CompleteMultipartUpload",
    method="POST",
    level="object",
    query=frozenset({"uploadId"}),
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=complete_multipart_upload,
)
