"""DeleteBucket: one without objects; unfinished uploads go with it."""

from __future__ import annotations

from holdall.engine import buckets
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def delete_bucket(call: Call) -> Response:
    await buckets.delete(call.engine, call.bucket.id, force=False, with_uploads=True)
    return empty(204)


ROUTE = Route(
    name="DeleteBucket",
    method="DELETE",
    level="bucket",
    action="s3:DeleteBucket",
    writes=True,
    handle=delete_bucket,
)
