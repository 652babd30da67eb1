"""GetPublicAccessBlock, PutPublicAccessBlock and DeletePublicAccessBlock."""

from __future__ import annotations

from holdall.server import documents
from holdall.server.access import public_access
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING = "public-access-block"


async def get_public_access_block(call: Call) -> Response:
    """A bucket has none until it is given one, and then nothing is blocked."""
    return documents.xml_answer(
        documents.needed(call, SETTING, "NoSuchPublicAccessBlockConfiguration")
    )


async def put_public_access_block(call: Call) -> Response:
    block = public_access.from_xml(await documents.read(call))
    await documents.keep(call, SETTING, public_access.to_xml(block).decode())
    return empty()


async def delete_public_access_block(call: Call) -> Response:
    await documents.drop(call, SETTING)
    return empty(204)


GET = Route(
    name="GetPublicAccessBlock",
    method="GET",
    level="bucket",
    query=frozenset({"publicAccessBlock"}),
    action="s3:GetBucketPublicAccessBlock",
    handle=get_public_access_block,
)
PUT = Route(
    name="PutPublicAccessBlock",
    method="PUT",
    level="bucket",
    query=frozenset({"publicAccessBlock"}),
    action="s3:PutBucketPublicAccessBlock",
    writes=True,
    handle=put_public_access_block,
)
DELETE = Route(
    name="DeletePublicAccessBlock",
    method="DELETE",
    level="bucket",
    query=frozenset({"publicAccessBlock"}),
    action="s3:PutBucketPublicAccessBlock",
    writes=True,
    handle=delete_public_access_block,
)
