"""AbortMultipartUpload: the upload and its parts are forgotten."""

from __future__ import annotations

from holdall.server import uploads
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def abort_multipart_upload(call: Call) -> Response:
    open = await uploads.resume_allowed(call, "s3:AbortMultipartUpload", writes=True)
    await open.upload.abort()
    return empty(204)


ROUTE = Route(
    name="AbortMultipartUpload",
    method="DELETE",
    level="object",
    query=frozenset({"uploadId"}),
    writes=True,
    handle=abort_multipart_upload,
)
