"""PutObject."""

from __future__ import annotations

from holdall.core.values import PutOptions
from holdall.engine.put import put
from holdall.s3.errors import S3Error
from holdall.server import (
    conditions,
    descriptions,
    encryption,
    owning,
    receiving,
    shown_checksums,
)
from holdall.server.call import Call
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.marking import marks_of, require_actions
from holdall.server.objects import (
    attributes_of,
    content_type_of,
    metadata_of,
    tags_of,
    version_header,
)
from holdall.server.response import Response
from holdall.server.routes import Route

MAX_SIZE = 5 * 1024**3


OFFSET = "x-amz-write-offset-bytes"
"""What directory buckets append by. Not known, it would replace what was to grow."""


async def put_object(call: Call) -> Response:
    headers = call.request.headers
    if OFFSET in headers:
        raise S3Error("NotImplemented", "Appending to objects", Header=OFFSET)
    if call.body.length > MAX_SIZE:
        raise S3Error(
            "EntityTooLarge",
            ProposedSize=str(call.body.length),
            MaxSizeAllowed=str(MAX_SIZE),
        )
    received, protection = receiving.receive(call), encryption.wanted(call)
    marks = marks_of(call)
    if marks or "x-amz-tagging" in headers:
        await require_actions(call, marks)
    await conditions.require_sight(call)
    options = PutOptions(
        content_type=content_type_of(headers),
        metadata=metadata_of(headers),
        tags=tags_of(headers.get("x-amz-tagging")),
        attributes={
            **attributes_of(headers),
            **received.attributes,
            **owning.attributes(call, marks),
            **protection.attributes,
        },
        marks=marks,
        checksums=received.checksums,
        precondition=conditions.write_precondition(headers),
    )
    source, bucket = await received.source(), call.bucket
    revision = await put(call.engine, bucket.id, call.key, source, options, protection.seal)
    return Response(
        headers=[
            ("etag", f'"{revision.etag}"'),
            *encryption.headers(revision.attributes),
            *shown_checksums.headers(revision),
            *version_header(revision, bucket.versioning),
            *descriptions.headers(call, revision),
            *lifecycle_headers.of_object(bucket, revision, call.state.now),
        ]
    )


ROUTE = Route(
    name="PutObject",
    method="PUT",
    level="object",
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=put_object,
)
