"""Whether a call may go on: the facts are fetched here, and judged in `authorisation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from holdall.core.errors import NotFound
from holdall.engine.head import head
from holdall.engine.marks import get_marks
from holdall.s3.errors import S3Error
from holdall.server import buckets
from holdall.server.access.acls import Kind
from holdall.server.access.context import Value
from holdall.server.authorisation import (
    Caller,
    Decision,
    Demand,
    ObjectFacts,
    acts_for_owner,
    decide,
)
from holdall.server.buckets import Bucket
from holdall.server.conditionals import context_of
from holdall.server.facts import facts_of, object_acl
from holdall.server.request import Request
from holdall.server.routes import AclPermission, Route
from holdall.server.state import State

ON_OBJECT: frozenset[AclPermission] = frozenset({"READ", "READ_ACP", "WRITE_ACP"})
"""Who may write an object is said by the list of its bucket (S3 "ACL overview")."""


async def load_bucket(state: State, request: Request, caller: Caller) -> Bucket | None:
    """The bucket that a request names; None where it names none."""
    name = request.target.bucket
    if name is None:
        return None
    return buckets.chosen(await state.turn.named(state.engine, name), name, caller.user or None)


class Details(TypedDict, total=False):
    """What is demanded besides an action. `more` are condition keys that only the operation
    knows, such as an object's tags; the others are as in `Demand`."""

    key: str | None
    version: str | None
    acl: AclPermission | None
    writes: bool
    initiated: bool
    more: Mapping[str, Value]


async def judge(
    state: State,
    request: Request,
    caller: Caller,
    bucket: Bucket,
    action: str,
    *,
    key: str | None = None,
    version: str | None = None,
    acl: AclPermission | None = None,
    writes: bool = False,
    initiated: bool = False,
    more: Mapping[str, Value] | None = None,
) -> Decision:
    """The decision on one action, with what is demanded besides as in `Details`. An object's
    own list is looked at only where the answer depends on it: it costs a look-up that owners
    of buckets do not need."""
    on: Kind = "object" if key is not None and acl in ON_OBJECT else "bucket"
    facts = facts_of(bucket)
    # By position: it is made for every request.
    demand = Demand(action, facts, None, key, None, acl, on, writes, initiated)
    if facts.policy is not None or caller.is_under_policies:
        context = {**context_of(request, state.now(), state.region), **(more or {})}
        if key is not None and _asks_for_tags(bucket):
            context.update(await _existing_tags(state, bucket, key, version))
        demand = demand._replace(context=context)
    if on == "bucket" or key is None:
        return decide(caller, demand)
    if not _may_hold_foreign(bucket):
        found = decide(caller, demand)
        if found.allowed:
            return found
    text = await _stored_acl(state, bucket, key, version)
    object = None if text is None else ObjectFacts(object_acl(text, bucket))
    return decide(caller, demand._replace(object=object))


def admit_without_bucket(
    state: State, caller: Caller, request: Request, action: str | None, *, writes: bool
) -> None:
    """Judge what concerns no bucket, or one that is yet to be made. `AccessDenied`."""
    if action is None:
        return
    demand = Demand(
        action=action,
        name=request.target.bucket,
        writes=writes,
        context=context_of(request, state.now(), state.region),
    )
    if not decide(caller, demand).allowed:
        raise S3Error("AccessDenied")


def _may_hold_foreign(bucket: Bucket) -> bool:
    """Whether others may write into the bucket, whose objects then are their own. Where
    nobody may any more, its owner gets at what they left."""
    return "acl" in bucket.settings or "policy" in bucket.settings


def _asks_for_tags(bucket: Bucket) -> bool:
    return "existingobjecttag" in bucket.settings.get("policy", "").lower()


async def _existing_tags(
    state: State, bucket: Bucket, key: str, version: str | None
) -> Mapping[str, Value]:
    """The tags of the object as it is, looked up only for policies that speak of them."""
    try:
        revision = await head(state.engine, bucket.id, key, version)
    except NotFound:
        return {}
    return {f"s3:ExistingObjectTag/{name}": value for name, value in revision.tags.items()}


async def _stored_acl(state: State, bucket: Bucket, key: str, version: str | None) -> str | None:
    """None where the object has no list of its own, or does not exist."""
    try:
        return (await get_marks(state.engine, bucket.id, key, version)).get("acl")
    except NotFound:
        return None


def action_of(route: Route, request: Request) -> str | None:
    """The action that the operation demands of what it names."""
    if route.versioned_action is not None and request.query.get("versionId"):
        return route.versioned_action
    return route.action


def could_be_allowed(caller: Caller, bucket: Bucket) -> bool:
    """Whether anything speaks for the caller, before it is known what exactly is asked."""
    return "policy" in bucket.settings or acts_for_owner(caller, facts_of(bucket))
