"""GetBucketLocation."""

from __future__ import annotations

from holdall.server.call import Call
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

FIRST_REGION = "us-east-1"
"""The region that S3 does not name: its location constraint is empty."""


async def get_bucket_location(call: Call) -> Response:
    region = call.state.region
    return xml_response("LocationConstraint", "" if region == FIRST_REGION else region)


ROUTE = Route(
    name="GetBucketLocation",
    method="GET",
    level="bucket",
    query=frozenset({"location"}),
    action="s3:GetBucketLocation",
    handle=get_bucket_location,
)
