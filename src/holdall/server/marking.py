"""What is said of a new object and may change later: its access list and its locks."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.server import locks
from holdall.server.access import acls
from holdall.server.access.acl_requests import asked_in_headers, asks
from holdall.server.access.acls import Acl
from holdall.server.access.ownership import admit_acl, owner_of_new
from holdall.server.authorisation import acts_for_owner
from holdall.server.call import Call
from holdall.server.facts import block_of, facts_of, ownership_of, user


def marks_of(call: Call) -> dict[str, str]:
    """From the headers of whatever makes an object. Each part raises what S3 says of it."""
    marks = locks.lock_marks(call)
    acl = _acl_of(call)
    if acl is not None:
        marks["acl"] = acls.to_json(acl)
    return marks


async def require_actions(call: Call, marks: Mapping[str, str]) -> None:
    """`AccessDenied` to those who may write an object and not say all that about it: lock it,
    tag it, or open it to others ("Permissions" of S3 PutObject)."""
    await locks.require_lock_actions(call, marks)
    if call.header("x-amz-tagging"):
        await call.require("s3:PutObjectTagging", key=call.key, writes=True)
    if "acl" in marks and _opens(acls.from_json(marks["acl"]), user(call.bucket.owner)):
        await call.require("s3:PutObjectAcl", key=call.key, writes=True)


def _opens(acl: Acl, bucket_owner: acls.User) -> bool:
    """Whether what belongs to the bucket's owner is opened to others. What is the writer's
    own is the writer's to open."""
    return acl.owner.id == bucket_owner.id and not acl.is_private


def _acl_of(call: Call) -> Acl | None:
    """None for what belongs to the bucket's owner alone, as most objects do."""
    bucket, caller = call.bucket, call.caller
    headers = call.request.headers
    asked = asked_in_headers(headers, call.state.accounts.directory) if asks(headers) else None
    if asked is None and caller.user == bucket.owner:
        return None
    bucket_owner, ownership = user(bucket.owner), ownership_of(bucket)
    owner = owner_of_new(
        ownership,
        acls.User(caller.canonical_id, caller.display_name),
        bucket_owner,
        asked,
        acts_for_owner=acts_for_owner(caller, facts_of(bucket)),
    )
    if asked is None:
        return None if owner.id == bucket_owner.id else acls.private(owner)
    admit_acl(ownership, asked, bucket_owner)
    acl = asked.acl("object", owner, bucket_owner)
    block_of(bucket).admit_acl(acl)
    return None if acl == acls.private(bucket_owner) else acl
