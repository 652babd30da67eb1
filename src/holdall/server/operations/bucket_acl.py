"""GetBucketAcl and PutBucketAcl."""

from __future__ import annotations

from holdall.server import documents
from holdall.server.access import acl_documents, acls
from holdall.server.access.acl_requests import asked
from holdall.server.access.ownership import admit_bucket_acl
from holdall.server.call import Call
from holdall.server.facts import acl_of, block_of, ownership_of
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING = "acl"


async def get_bucket_acl(call: Call) -> Response:
    """Where lists are disabled, it is as if there were only the owner's full control."""
    acl = acl_of(call.bucket)
    if ownership_of(call.bucket) == "BucketOwnerEnforced":
        acl = acls.private(acl.owner)
    return documents.xml_answer(acl_documents.to_xml(acl).decode())


async def put_bucket_acl(call: Call) -> Response:
    admit_bucket_acl(ownership_of(call.bucket))
    owner = acl_of(call.bucket).owner
    body = await documents.read(call, required=False)
    wanted = asked(call.request.headers, body, owner, call.state.accounts.directory)
    acl = wanted.acl("bucket", owner, owner)
    block_of(call.bucket).admit_acl(acl)
    await documents.keep(call, SETTING, acls.to_json(acl))
    return empty()


GET = Route(
    name="GetBucketAcl",
    method="GET",
    level="bucket",
    query=frozenset({"acl"}),
    action="s3:GetBucketAcl",
    acl="READ_ACP",
    handle=get_bucket_acl,
)
PUT = Route(
    name="PutBucketAcl",
    method="PUT",
    level="bucket",
    query=frozenset({"acl"}),
    action="s3:PutBucketAcl",
    acl="WRITE_ACP",
    writes=True,
    handle=put_bucket_acl,
)
