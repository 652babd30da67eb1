"""GetBucketOwnershipControls, PutBucketOwnershipControls and DeleteBucketOwnershipControls."""

from __future__ import annotations

from holdall.server import documents
from holdall.server.access import ownership
from holdall.server.call import Call
from holdall.server.facts import acl_of, ownership_of
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING = "ownership"


async def get_bucket_ownership_controls(call: Call) -> Response:
    documents.needed(call, SETTING, "OwnershipControlsNotFoundError")
    return documents.xml_answer(ownership.to_xml(ownership_of(call.bucket)).decode())


async def put_bucket_ownership_controls(call: Call) -> Response:
    wanted = ownership.from_xml(await documents.read(call))
    ownership.admit_setting(wanted, acl_of(call.bucket))
    await documents.keep(call, SETTING, wanted)
    return empty()


async def delete_bucket_ownership_controls(call: Call) -> Response:
    """What is left is how buckets were before there were such controls: lists count, and
    writers own what they write."""
    await documents.drop(call, SETTING)
    return empty(204)


GET = Route(
    name="GetBucketOwnershipControls",
    method="GET",
    level="bucket",
    query=frozenset({"ownershipControls"}),
    action="s3:GetBucketOwnershipControls",
    handle=get_bucket_ownership_controls,
)
PUT = Route(
    name="PutBucketOwnershipControls",
    method="PUT",
    level="bucket",
    query=frozenset({"ownershipControls"}),
    action="s3:PutBucketOwnershipControls",
    writes=True,
    handle=put_bucket_ownership_controls,
)
DELETE = Route(
    name="DeleteBucketOwnershipControls",
    method="DELETE",
    level="bucket",
    query=frozenset({"ownershipControls"}),
    action="s3:PutBucketOwnershipControls",
    writes=True,
    handle=delete_bucket_ownership_controls,
)
