"""GetBucketLifecycleConfiguration, PutBucketLifecycleConfiguration, DeleteBucketLifecycle."""

from __future__ import annotations

from typing import Final

from holdall.server import documents
from holdall.server.call import Call
from holdall.server.lifecycle import documents as lifecycle_documents
from holdall.server.lifecycle.documents import SETTING
from holdall.server.lifecycle.rules import Lifecycle
from holdall.server.response import Headers, Response, empty
from holdall.server.routes import Route

MINIMUM_SIZE: Final = "x-amz-transition-default-minimum-object-size"
LARGEST: Final = 1024 * 1024
"""Bytes of a body; of a thousand rules each has a kilobyte."""


async def get_bucket_lifecycle_configuration(call: Call) -> Response:
    text = documents.needed(call, SETTING, "NoSuchLifecycleConfiguration")
    found = lifecycle_documents.from_setting(text)
    return documents.xml_answer(lifecycle_documents.to_xml(found).decode(), _headers(found))


async def put_bucket_lifecycle_configuration(call: Call) -> Response:
    body = await documents.read(call, LARGEST)
    wanted = lifecycle_documents.from_xml(body, call.header(MINIMUM_SIZE))
    await documents.keep(call, SETTING, lifecycle_documents.to_setting(wanted))
    return empty(200, _headers(wanted))


def _headers(found: Lifecycle) -> Headers:
    return [(MINIMUM_SIZE, found.minimum_size)]


async def delete_bucket_lifecycle(call: Call) -> Response:
    await documents.drop(call, SETTING)
    return empty(204)


GET = Route(
    name="GetBucketLifecycleConfiguration",
    method="GET",
    level="bucket",
    query=frozenset({"lifecycle"}),
    action="s3:GetLifecycleConfiguration",
    handle=get_bucket_lifecycle_configuration,
)
PUT = Route(
    name="PutBucketLifecycleConfiguration",
    method="PUT",
    level="bucket",
    query=frozenset({"lifecycle"}),
    action="s3:PutLifecycleConfiguration",
    writes=True,
    handle=put_bucket_lifecycle_configuration,
)
DELETE = Route(
    name="DeleteBucketLifecycle",
    method="DELETE",
    level="bucket",
    query=frozenset({"lifecycle"}),
    action="s3:PutLifecycleConfiguration",
    writes=True,
    handle=delete_bucket_lifecycle,
)
