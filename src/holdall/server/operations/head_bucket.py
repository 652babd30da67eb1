"""HeadBucket: whether there is such a bucket, and where."""

from __future__ import annotations

from holdall.server.call import Call
from holdall.server.response import Response
from holdall.server.routes import Route


async def head_bucket(call: Call) -> Response:
    headers = [
        ("x-amz-bucket-region", call.state.region),
        ("x-amz-access-point-alias", "false"),
        ("content-type", "application/xml"),
    ]
    return Response(headers=headers)


ROUTE = Route(
    name="HeadBucket",
    method="HEAD",
    level="bucket",
    action="s3:ListBucket",
    acl="READ",
    handle=head_bucket,
)
