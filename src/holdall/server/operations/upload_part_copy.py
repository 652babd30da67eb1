"""UploadPartCopy: a part that is an object, or a range of one."""

from __future__ import annotations

import re
from typing import Final

from holdall.core.values import Part, Revision, Span
from holdall.engine.open import open_blob
from holdall.s3.checksums import Multipart
from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.server import copying, encryption, parts, shown_checksums, uploads
from holdall.server.call import Call
from holdall.server.copying import Source
from holdall.server.encryption import Protection
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route
from holdall.server.uploads import Open

RANGE: Final = "x-amz-copy-source-range"
_FORM: Final = re.compile(r"bytes=(\d{1,18})-(\d{1,18})", re.ASCII)


async def upload_part_copy(call: Call) -> Response:
    number = parts.number_of(call.query["partNumber"])
    open = await uploads.resume(call)
    asked = shown_checksums.asked(open.record.attributes)
    protection = encryption.of_part(call, open.record.attributes)

    async def use(source: Source) -> Part:
        span = _span(call.header(RANGE), source.revision.size)
        return await _copy(call, open, number, source, span, protection)

    source, part = await copying.settled(call, use)
    checksum = shown_checksums.part_nodes(part.checksums, asked.algorithm) if asked else []
    return xml_response(
        "CopyPartResult",
        [("LastModified", to_iso(part.created_at)), ("ETag", f'"{part.etag}"'), *checksum],
        headers=[*source.headers, *encryption.headers(protection.attributes)],
    )


def _span(text: str | None, size: int) -> tuple[int, int]:
    """The bytes to copy. `InvalidArgument`, `InvalidRange`, `InvalidRequest` beyond 5 GiB."""
    start, end = (0, size) if text is None else _range(text, size)
    if end - start > copying.LARGEST:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {copying.LARGEST}",
        )
    return start, end


def _range(text: str, size: int) -> tuple[int, int]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise S3Error(
            "InvalidArgument",
            f"The {RANGE} value must be of the form bytes=first-last where first and last are the"
            " zero-based offsets of the first and last bytes to copy",
            ArgumentName=RANGE,
            ArgumentValue=text,
        )
    start, end = int(match[1]), int(match[2]) + 1
    if not start < end <= size:
        raise S3Error(
            "InvalidRange", f"Range specified is not valid for source object of size: {size}"
        )
    return start, end


async def _copy(
    call: Call,
    open: Open,
    number: int,
    source: Source,
    span: tuple[int, int],
    protection: Protection,
) -> Part:
    """No bytes are moved, unless another key shall protect them, or a checksum is asked for
    that only reading them gives."""
    revision, wanted = source.revision, Span(*span)
    unseal = encryption.unseal_of_source(call, revision)
    is_same = encryption.is_same(revision.attributes, protection.attributes)
    if is_same and _is_known(revision, span, shown_checksums.asked(open.record.attributes)):
        return await open.upload.copy_part(
            number, source.bucket.id, revision.key, revision=revision.version, span=wanted
        )
    reading = await open_blob(
        call.engine, source.bucket.id, revision.key, revision.version, wanted, unseal
    )
    async with reading:
        algorithm = shown_checksums.wanted(open.record.attributes).algorithm
        checksums = {"md5": None, algorithm: None}
        chunks = (chunk async for chunk in reading)  # its `read` is not that of a file
        return await open.upload.part(number, chunks, checksums=checksums, seal=protection.seal)


def _is_known(revision: Revision, span: tuple[int, int], asked: Multipart | None) -> bool:
    """Whether the part has the checksum that is asked for without its bytes being read."""
    return asked is None or (span == (0, revision.size) and asked.algorithm in revision.checksums)


ROUTE = Route(
    name="UploadPartCopy",
    method="PUT",
    level="object",
    query=frozenset({"partNumber", "uploadId"}),
    copies=True,
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=upload_part_copy,
)
