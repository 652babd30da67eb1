"""GetBucketCors, PutBucketCors and DeleteBucketCors. Preflights are `holdall.server.cors`."""

from __future__ import annotations

from holdall.server import cors_rules, documents
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def get_bucket_cors(call: Call) -> Response:
    return documents.xml_answer(
        documents.needed(call, cors_rules.SETTING, "NoSuchCORSConfiguration")
    )


async def put_bucket_cors(call: Call) -> Response:
    rules = cors_rules.from_xml(await documents.read(call))
    await documents.keep(call, cors_rules.SETTING, cors_rules.to_xml(rules).decode())
    return empty()


async def delete_bucket_cors(call: Call) -> Response:
    await documents.drop(call, cors_rules.SETTING)
    return empty(204)


GET = Route(
    name="GetBucketCors",
    method="GET",
    level="bucket",
    query=frozenset({"cors"}),
    action="s3:GetBucketCORS",
    handle=get_bucket_cors,
)
PUT = Route(
    name="PutBucketCors",
    method="PUT",
    level="bucket",
    query=frozenset({"cors"}),
    action="s3:PutBucketCORS",
    writes=True,
    handle=put_bucket_cors,
)
DELETE = Route(
    name="DeleteBucketCors",
    method="DELETE",
    level="bucket",
    query=frozenset({"cors"}),
    action="s3:PutBucketCORS",
    writes=True,
    handle=delete_bucket_cors,
)
