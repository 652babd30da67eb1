"""GetObjectAcl and PutObjectAcl."""

from __future__ import annotations

from holdall.core.values import Revision
from holdall.engine.marks import get_marks, set_mark
from holdall.server import documents, finding
from holdall.server.access import acl_documents, acls
from holdall.server.access.acl_requests import asked
from holdall.server.access.acls import Acl
from holdall.server.access.ownership import admit_acl
from holdall.server.call import Call
from holdall.server.facts import block_of, object_acl, ownership_of, user
from holdall.server.objects import version_header
from holdall.server.response import Response, empty
from holdall.server.routes import Route

MARK = "acl"


async def get_object_acl(call: Call) -> Response:
    found = await finding.found(call)
    acl = await _acl(call, found)
    return documents.xml_answer(
        acl_documents.to_xml(acl).decode(), version_header(found, call.bucket.versioning)
    )


async def _acl(call: Call, found: Revision) -> Acl:
    """Where lists are disabled, the bucket's owner owns everything and nobody else counts."""
    if ownership_of(call.bucket) == "BucketOwnerEnforced":
        return acls.private(user(call.bucket.owner))
    marks = await get_marks(call.engine, call.bucket.id, call.key, found.version)
    return object_acl(marks.get(MARK), call.bucket)


async def put_object_acl(call: Call) -> Response:
    """The object keeps its owner. Where lists are disabled, what is let through changes
    nothing."""
    found = await finding.found(call)
    owner, bucket_owner = (await _acl(call, found)).owner, user(call.bucket.owner)
    body = await documents.read(call, required=False)
    wanted = asked(call.request.headers, body, owner, call.state.accounts.directory)
    admit_acl(ownership_of(call.bucket), wanted, bucket_owner)
    acl = wanted.acl("object", owner, bucket_owner)
    block_of(call.bucket).admit_acl(acl)
    if ownership_of(call.bucket) != "BucketOwnerEnforced":
        await _keep(call, found, acl)
    return empty(200, version_header(found, call.bucket.versioning))


async def _keep(call: Call, found: Revision, acl: Acl) -> None:
    await set_mark(call.engine, call.bucket.id, call.key, MARK, acls.to_json(acl), found.version)


GET = Route(
    name="GetObjectAcl",
    method="GET",
    level="object",
    query=frozenset({"acl"}),
    action="s3:GetObjectAcl",
    versioned_action="s3:GetObjectVersionAcl",
    acl="READ_ACP",
    handle=get_object_acl,
)
PUT = Route(
    name="PutObjectAcl",
    method="PUT",
    level="object",
    query=frozenset({"acl"}),
    action="s3:PutObjectAcl",
    versioned_action="s3:PutObjectVersionAcl",
    acl="WRITE_ACP",
    writes=True,
    handle=put_object_acl,
)
