"""GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus."""

from __future__ import annotations

from typing import Final

from holdall.s3.errors import S3Error
from holdall.server import documents
from holdall.server.access import policies, public_access, resources
from holdall.server.access.actions import ON_POLICIES
from holdall.server.access.callers import context_of as context_of_caller
from holdall.server.access.context import Context
from holdall.server.access.policies import Policy
from holdall.server.call import Call
from holdall.server.conditionals import context_of
from holdall.server.facts import acl_of, block_of, policy_of
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SETTING: Final = "policy"
CONFIRM: Final = "x-amz-confirm-remove-self-bucket-access"


async def get_bucket_policy(call: Call) -> Response:
    """The very text that was put."""
    text = documents.needed(call, SETTING, "NoSuchBucketPolicy")
    return Response(headers=[("content-type", "application/json")], body=text.encode())


async def put_bucket_policy(call: Call) -> Response:
    body = await documents.read(call, required=False)
    policy = policies.parse(body, call.bucket.name)
    block_of(call.bucket).admit_policy(policy)
    _demand_confirmation(call, policy)
    await documents.keep(call, SETTING, body.decode())
    return empty(204)


def _demand_confirmation(call: Call, policy: Policy) -> None:
    """Who shuts itself out of the policy has to say that it means to."""
    if (call.header(CONFIRM) or "").lower() == "true":
        return
    context = Context(context_of(call.request), context_of_caller(call.caller))
    resource = resources.arn(call.bucket.name)
    for action in sorted(ON_POLICIES):
        verdict = policy.verdict(call.caller, action, resource, context)
        if verdict is not None and verdict.effect == "Deny":
            raise S3Error(
                "AccessDenied",
                f"The policy would deny you {action}; {CONFIRM}: true confirms that it shall.",
            )


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
