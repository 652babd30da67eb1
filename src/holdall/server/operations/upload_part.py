"""UploadPart: one part of an upload, which replaces what was sent under its number."""

from __future__ import annotations

from holdall.core.values import Part
from holdall.s3 import checksums as wire
from holdall.s3.checksums import ChecksumType, Multipart
from holdall.s3.errors import S3Error
from holdall.server import encryption, parts, receiving, shown_checksums, uploads
from holdall.server.call import Call
from holdall.server.receiving import Received
from holdall.server.response import Headers, Response
from holdall.server.routes import Route


async def upload_part(call: Call) -> Response:
    number = parts.number_of(call.query["partNumber"])
    uploads.refuse_large(call.body.length)
    received = receiving.receive(call)
    open = await uploads.resume(call)
    protection = encryption.of_part(call, open.record.attributes)
    asked = shown_checksums.asked(open.record.attributes)
    _require_same(asked, received)
    _compute(received, shown_checksums.wanted(open.record.attributes))
    source = await received.source()
    part = await open.upload.part(
        number, source, checksums=received.checksums, seal=protection.seal
    )
    return Response(
        headers=[
            ("etag", f'"{part.etag}"'),
            *encryption.headers(protection.attributes),
            *_checksum(part, asked, received),
        ]
    )


def _require_same(asked: Multipart | None, received: Received) -> None:
    """The checksum of a part has to be that of its upload, if that asked for one; a composite
    one is made of those that were sent. `InvalidRequest`."""
    if asked is None:
        return
    sent = received.announced.algorithm if received.announced else None
    if sent == asked.algorithm or (sent is None and asked.type is ChecksumType.FULL_OBJECT):
        return
    raise S3Error(
        "InvalidRequest",
        f"Checksum Type mismatch occurred, expected checksum Type: {asked.algorithm}, actual"
        f" checksum Type: {sent or 'null'}",
    )


def _compute(received: Received, wanted: Multipart) -> None:
    """What the whole will be computed from is computed of each part."""
    if received.announced is None:
        received.checksums.pop(received.algorithm, None)
    received.checksums.setdefault(wanted.algorithm, None)


def _checksum(part: Part, asked: Multipart | None, received: Received) -> Headers:
    """S3 answers with the checksum that was asked for, and tells nothing of a default."""
    if asked is not None:
        name = asked.algorithm
    elif received.announced is not None:
        name = received.announced.algorithm
    else:
        return []
    return [(wire.header_name(name), wire.encode(part.checksums[name]))]


ROUTE = Route(
    name="UploadPart",
    method="PUT",
    level="object",
    query=frozenset({"partNumber", "uploadId"}),
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=upload_part,
)
