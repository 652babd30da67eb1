"""CreateMultipartUpload: everything that the object will have but its bytes."""

from __future__ import annotations

from holdall.core.values import PutOptions
from holdall.s3 import checksums as wire
from holdall.s3.checksums import Multipart
from holdall.server import encryption, owning, shown_checksums
from holdall.server.call import Call
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.marking import marks_of, require_actions
from holdall.server.objects import attributes_of, content_type_of, metadata_of, tags_of
from holdall.server.response import Headers, Response, xml_response
from holdall.server.routes import Route


async def create_multipart_upload(call: Call) -> Response:
    headers = call.request.headers
    checksum, marks = wire.multipart(headers), marks_of(call)
    protection = encryption.wanted(call)
    await require_actions(call, marks)
    options = PutOptions(
        content_type=content_type_of(headers),
        metadata=metadata_of(headers),
        tags=tags_of(headers.get("x-amz-tagging")),
        attributes={
            **attributes_of(headers),
            **shown_checksums.attributes(checksum),
            **owning.attributes(call, marks),
            **protection.attributes,
        },
        marks=marks,
    )
    upload = await call.store.start_upload(call.bucket.id, call.key, options=options)
    return xml_response(
        "InitiateMultipartUploadResult",
        [("Bucket", call.bucket.name), ("Key", call.key), ("UploadId", upload.id)],
        headers=[
            *_promised(checksum),
            *encryption.headers(protection.attributes),
            *lifecycle_headers.of_upload(call.bucket, call.key, call.state.now()),
        ],
    )


def _promised(checksum: Multipart | None) -> Headers:
    """What was asked for, said again; nothing of a default."""
    if checksum is None:
        return []
    return [
        ("x-amz-checksum-algorithm", checksum.algorithm.upper()),
        ("x-amz-checksum-type", checksum.type.value),
    ]


ROUTE = Route(
    name="CreateMultipartUpload",
    method="POST",
    level="object",
    query=frozenset({"uploads"}),
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=create_multipart_upload,
)
