"""GetBucketEncryption, PutBucketEncryption and DeleteBucketEncryption."""

from __future__ import annotations

from holdall.server import documents, encryption_rules
from holdall.server.call import Call
from holdall.server.encryption_rules import SETTING
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def get_bucket_encryption(call: Call) -> Response:
    """A bucket has no default here until it is given one."""
    return documents.xml_answer(
        documents.needed(call, SETTING, "ServerSideEncryptionConfigurationNotFoundError")
    )


async def put_bucket_encryption(call: Call) -> Response:
    wanted = encryption_rules.from_xml(await documents.read(call))
    await documents.keep(call, SETTING, encryption_rules.to_xml(wanted).decode())
    return empty()


async def delete_bucket_encryption(call: Call) -> Response:
    await documents.drop(call, SETTING)
    return empty(204)


GET = Route(
    name="GetBucketEncryption",
    method="GET",
    level="bucket",
    query=frozenset({"encryption"}),
    action="s3:GetEncryptionConfiguration",
    handle=get_bucket_encryption,
)
PUT = Route(
    name="PutBucketEncryption",
    method="PUT",
    level="bucket",
    query=frozenset({"encryption"}),
    action="s3:PutEncryptionConfiguration",
    writes=True,
    handle=put_bucket_encryption,
)
DELETE = Route(
    name="DeleteBucketEncryption",
    method="DELETE",
    level="bucket",
    query=frozenset({"encryption"}),
    action="s3:PutEncryptionConfiguration",
    writes=True,
    handle=delete_bucket_encryption,
)
