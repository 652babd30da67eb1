"""GetBucketTagging, PutBucketTagging and DeleteBucketTagging."""

from __future__ import annotations

from typing import Final

from holdall.server import documents, tag_sets
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING: Final = "tags"
MOST: Final = 50


async def get_bucket_tagging(call: Call) -> Response:
    return documents.xml_answer(documents.needed(call, SETTING, "NoSuchTagSet"))


async def put_bucket_tagging(call: Call) -> Response:
    """An empty set is none."""
    tags = tag_sets.from_xml(await documents.read(call), MOST)
    if tags:
        await documents.keep(call, SETTING, tag_sets.to_xml(tags).decode())
    else:
        await documents.drop(call, SETTING)
    return empty(204)


async def delete_bucket_tagging(call: Call) -> Response:
    await documents.drop(call, SETTING)
    return empty(204)


GET = Route(
    name="GetBucketTagging",
    method="GET",
    level="bucket",
    query=frozenset({"tagging"}),
    action="s3:GetBucketTagging",
    handle=get_bucket_tagging,
)
PUT = Route(
    name="PutBucketTagging",
    method="PUT",
    level="bucket",
    query=frozenset({"tagging"}),
    action="s3:PutBucketTagging",
    writes=True,
    handle=put_bucket_tagging,
)
DELETE = Route(
    name="DeleteBucketTagging",
    method="DELETE",
    level="bucket",
    query=frozenset({"tagging"}),
    action="s3:PutBucketTagging",
    writes=True,
    handle=delete_bucket_tagging,
)
