"""GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus."""

from __future__ import annotations

from typing import Final

from holdall.server import documents
from holdall.server.access import policies, public_access
from holdall.server.call import Call
from holdall.server.facts import acl_of, block_of, policy_of
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING: Final = "policy"


async def get_bucket_policy(call: Call) -> Response:
    """The very text that was put."""
    text = documents.needed(call, SETTING, "NoSuchBucketPolicy")
    return Response(headers=[("content-type", "application/json")], body=text.encode())


async def put_bucket_policy(call: Call) -> Response:
    """No policy keeps an owner from replacing it, so there is nothing to be confirmed by
    `x-amz-confirm-remove-self-bucket-access`."""
    body = await documents.read(call, required=False)
    policy = policies.parse(body, call.bucket.name)
    block_of(call.bucket).admit_policy(policy)
    await documents.keep(call, SETTING, body.decode())
    return empty(204)


async def delete_bucket_policy(call: Call) -> Response:
    await documents.drop(call, SETTING)
    return empty(204)


async def get_bucket_policy_status(call: Call) -> Response:
    """Whether the policy or the list of the bucket makes it public; without a policy too."""
    acl = None if block_of(call.bucket).ignore_public_acls else acl_of(call.bucket)
    status = public_access.policy_status(policy_of(call.bucket), acl)
    return documents.xml_answer(status.decode())


GET = Route(
    name="GetBucketPolicy",
    method="GET",
    level="bucket",
    query=frozenset({"policy"}),
    action="s3:GetBucketPolicy",
    handle=get_bucket_policy,
)
PUT = Route(
    name="PutBucketPolicy",
    method="PUT",
    level="bucket",
    query=frozenset({"policy"}),
    action="s3:PutBucketPolicy",
    writes=True,
    handle=put_bucket_policy,
)
DELETE = Route(
    name="DeleteBucketPolicy",
    method="DELETE",
    level="bucket",
    query=frozenset({"policy"}),
    action="s3:DeleteBucketPolicy",
    writes=True,
    handle=delete_bucket_policy,
)
STATUS = Route(
    name="GetBucketPolicyStatus",
    method="GET",
    level="bucket",
    query=frozenset({"policyStatus"}),
    action="s3:GetBucketPolicyStatus",
    handle=get_bucket_policy_status,
)
