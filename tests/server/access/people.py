"""The people, buckets and documents that the tests of access speak of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from holdall.server.access.acls import Acl, Grant, Group, Permission, User, private
from holdall.server.access.callers import Caller, KeyScope, Role
from holdall.server.access.context import Context, Value
from holdall.server.access.demands import BucketFacts
from holdall.server.access.grantees import Directory
from holdall.server.access.policies import Policy, parse

BUCKET = "photos"
EVERY = (f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*")


def user_of(name: str) -> User:
    return User(name.encode().hex().ljust(64, "0"), name.title())


ALICE, BOB, CAROL = map(user_of, ("alice", "bob", "carol"))
"""Alice owns the bucket, Bob has objects in it, Carol is a stranger."""

PEOPLE = {user.id: user for user in (ALICE, BOB, CAROL)}
DIRECTORY = Directory(
    by_id=PEOPLE.get,
    by_email={"bob@example.com": BOB}.get,
)
ANONYMOUS = Caller(kind="anonymous")


def caller(
    name: str = "carol", *, orgs: Mapping[str, Role] | None = None, key: KeyScope | None = None
) -> Caller:
    who = user_of(name)
    return Caller(
        kind="user",
        user=name,
        canonical_id=who.id,
        display_name=who.display_name,
        orgs=orgs or {},
        key=key,
    )


def root(key: KeyScope | None = None) -> Caller:
    return Caller(kind="root", user="admin", canonical_id=user_of("admin").id, key=key)


def acl(owner: User, **grants: User | Group) -> Acl:
    """`acl(ALICE, READ=BOB)` is private to Alice but for Bob's grant."""
    return Acl(owner, (*private(owner).grants, *(_grant(who, how) for how, who in grants.items())))


def _grant(who: User | Group, how: str) -> Grant:
    permission: Permission = how  # type: ignore[assignment]
    return Grant(who, permission)


def bucket(**facts: Any) -> BucketFacts:
    known: dict[str, Any] = {"name": BUCKET, "owner": "alice", "acl": private(ALICE)}
    return BucketFacts(**known | facts)


def statement(effect: str = "Allow", **fields: Any) -> dict[str, Any]:
    """A statement on everything in the bucket, by everybody, but for the fields given."""
    known = {"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": list(EVERY)}
    for name in fields:
        if name.startswith("Not"):
            del known[name.removeprefix("Not")]
    return known | fields


def document(*statements: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | fields).encode()


def policy(*statements: dict[str, Any], **fields: Any) -> Policy:
    return parse(document(*statements, **fields), BUCKET)


def context(**keys: Value) -> Context:
    """`context(aws__SourceIp=…)` has the key `aws:SourceIp`."""
    return Context({name.replace("__", ":").replace("_", "-"): keys[name] for name in keys})
