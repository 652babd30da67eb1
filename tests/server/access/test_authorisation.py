"""Decisions: the examples of the S3 User Guide, who wins over whom, and what never may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.server.access.acls import Acl, Group, User, private
from holdall.server.access.actions import FOLLOWS_OBJECT, KNOWN, ON_BUCKETS, ON_OBJECTS, ON_POLICIES
from holdall.server.access.callers import Caller, KeyScope, Role
from holdall.server.access.demands import BucketFacts, BucketGrant, Demand, ObjectFacts
from holdall.server.access.policies import Policy, parse_session
from holdall.server.access.public_access import PublicAccessBlock
from holdall.server.authorisation import Decision, acts_for_owner, decide, explain

from .people import (
    ALICE,
    ANONYMOUS,
    BOB,
    BUCKET,
    CAROL,
    EVERY,
    acl,
    bucket,
    caller,
    document,
    policy,
    root,
    statement,
)

OBJECTS = EVERY[1]
WRITER = "ObjectWriter"


def asks(
    who: Caller, action: str, where: BucketFacts, key: str | None = None, **facts: Any
) -> Decision:
    on = "object" if key is not None else "bucket"
    known: dict[str, Any] = {"on": on, "writes": not action.startswith(("s3:Get", "s3:List"))}
    return decide(who, Demand(action=action, bucket=where, key=key, **known | facts))


def allowed(who: Caller, action: str, where: BucketFacts, key: str = "a", **facts: Any) -> bool:
    return asks(who, action, where, None if action in ON_BUCKETS else key, **facts).allowed


ALLOW, DENY = "Allow", "Deny"
SSE = "s3:x-amz-server-side-encryption"


class Example:
    """A policy of the documentation, with contexts that it allows and that it does not."""

    def __init__(
        self,
        policy: Policy,
        action: str,
        allows: list[Mapping[str, Any]],
        denies: list[Mapping[str, Any]],
        key: str = "a",
    ) -> None:
        self.policy, self.action, self.key = policy, action, key
        self.allows, self.denies = allows, denies


def condition(effect: str, action: Any, name: str, key: str, wanted: Any) -> dict[str, Any]:
    resource = OBJECTS if action in ON_OBJECTS else EVERY[0] if action in ON_BUCKETS else [*EVERY]
    block = {name: {key: wanted}}
    return statement(effect, Action=action, Resource=resource, Condition=block)


EXAMPLES = {
    "read by everybody": Example(
        policy(statement(Action=["s3:GetObject"], Resource=[OBJECTS])), "s3:GetObject", [{}], []
    ),
    "uploads that are public": Example(
        policy(condition(ALLOW, "s3:PutObject", "StringEquals", "s3:x-amz-acl", ["public-read"])),
        "s3:PutObject",
        [{"s3:x-amz-acl": "public-read"}],
        [{}, {"s3:x-amz-acl": "private"}],
    ),
    "uploads that the owner controls": Example(
        policy(
            statement(Action="s3:PutObject", Resource=OBJECTS),
            condition(
                DENY,
                "s3:PutObject",
                "StringNotEquals",
                "s3:x-amz-grant-full-control",
                [f"id={ALICE.id}"],
            ),
        ),
        "s3:PutObject",
        [{"s3:x-amz-grant-full-control": f"id={ALICE.id}"}],
        [{}, {"s3:x-amz-grant-full-control": f"id={BOB.id}"}],
    ),
    "addresses": Example(
        policy(
            statement(
                Condition={
                    "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:DB8:1234:5678::/64"]},
                    "NotIpAddress": {"aws:SourceIp": "192.0.2.188/32"},
                }
            )
        ),
        "s3:GetObject",
        [{"aws:SourceIp": "192.0.2.1"}, {"aws:SourceIp": "2001:db8:1234:5678::9"}],
        [{}, {"aws:SourceIp": "192.0.2.188"}, {"aws:SourceIp": "198.51.100.1"}],
    ),
    "referers": Example(
        policy(
            condition(
                ALLOW,
                "s3:GetObject",
                "StringLike",
                "aws:Referer",
                ["http://www.example.com/*", "http://example.com/*"],
            )
        ),
        "s3:GetObject",
        [{"aws:Referer": "http://example.com/page"}],
        [{}, {"aws:Referer": "http://example.org/?http://example.com/"}],
    ),
    "encrypted connections": Example(
        policy(
            statement(), condition(DENY, "s3:*", "Bool", "aws:SecureTransport", "false")
        ),
        "s3:GetObject",
        [{"aws:SecureTransport": "true"}],
        [{"aws:SecureTransport": "false"}],
    ),
    "modern TLS": Example(
        policy(statement(), condition(DENY, "s3:*", "NumericLessThan", "s3:TlsVersion", 1.2)),
        "s3:GetObject",
        [{"s3:TlsVersion": "1.2"}, {"s3:TlsVersion": "1.3"}],
        [{"s3:TlsVersion": "1.1"}],
    ),
    "encrypted objects": Example(
        policy(
            statement(),
            condition(DENY, "s3:PutObject", "StringNotEquals", SSE, "AES256"),
            condition(DENY, "s3:PutObject", "Null", SSE, True),
        ),
        "s3:PutObject",
        [{SSE: "AES256"}],
        [{}, {SSE: "aws:kms"}],
    ),
    "second factor": Example(
        policy(statement(), condition(DENY, "s3:*", "Null", "aws:MultiFactorAuthAge", True)),
        "s3:GetObject",
        [{"aws:MultiFactorAuthAge": "60"}],
        [{}],
    ),
    "folders of users": Example(
        policy(statement(Action="s3:GetObject", Resource=f"{EVERY[0]}/home/${{aws:username}}/*")),
        "s3:GetObject",
        [{}],
        [],
        key="home/carol/a",
    ),
    "listing a folder": Example(
        policy(condition(ALLOW, "s3:ListBucket", "StringEquals", "s3:prefix", ["", "home/"])),
        "s3:ListBucket",
        [{"s3:prefix": ""}, {"s3:prefix": "home/"}],
        [{}, {"s3:prefix": "home/carol/"}],
    ),
    "short listings": Example(
        policy(condition(ALLOW, "s3:ListBucket", "NumericLessThanEquals", "s3:max-keys", "10")),
        "s3:ListBucket",
        [{"s3:max-keys": "10"}],
        [{}, {"s3:max-keys": "11"}],
    ),
    "by tag": Example(
        policy(
            condition(
                ALLOW, "s3:GetObject", "StringEquals", "s3:ExistingObjectTag/environment", "prod"
            )
        ),
        "s3:GetObject",
        [{"s3:ExistingObjectTag/environment": "prod"}],
        [{}, {"s3:ExistingObjectTag/environment": "test"}],
    ),
    "tags that may be set": Example(
        policy(
            condition(
                ALLOW,
                "s3:PutObjectTagging",
                "ForAllValues:StringLike",
                "s3:RequestObjectTagKeys",
                ["Owner", "CreationDate"],
            )
        ),
        "s3:PutObjectTagging",
        [{"s3:RequestObjectTagKeys": ("Owner",)}, {}],
        [{"s3:RequestObjectTagKeys": ("Owner", "Team")}],
    ),
    "copies of one folder": Example(
        policy(
            statement(Action="s3:PutObject", Resource=OBJECTS),
            condition(
                DENY, "s3:PutObject", "StringNotLike", "s3:x-amz-copy-source", "source/public/*"
            ),
        ),
        "s3:PutObject",
        [{"s3:x-amz-copy-source": "source/public/a"}],
        [{}, {"s3:x-amz-copy-source": "source/private/a"}],
    ),
    "short retention": Example(
        policy(
            statement(),
            condition(
                DENY,
                "s3:PutObjectRetention",
                "NumericGreaterThan",
                "s3:object-lock-remaining-retention-days",
                "10",
            ),
        ),
        "s3:PutObjectRetention",
        [{"s3:object-lock-remaining-retention-days": "10"}],
        [{"s3:object-lock-remaining-retention-days": "11"}],
    ),
    "one storage class": Example(
        policy(
            condition(ALLOW, "s3:PutObject", "StringEquals", "s3:x-amz-storage-class", "STANDARD")
        ),
        "s3:PutObject",
        [{"s3:x-amz-storage-class": "STANDARD"}],
        [{}, {"s3:x-amz-storage-class": "GLACIER"}],
    ),
    "for some days": Example(
        policy(
            condition(ALLOW, "s3:GetObject", "DateLessThan", "aws:CurrentTime", "2030-01-01")
        ),
        "s3:GetObject",
        [{"aws:CurrentTime": "2029-12-31T23:59:59Z"}],
        [{"aws:CurrentTime": "2030-01-01T00:00:00Z"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_the_documentation(name: str) -> None:
    example = EXAMPLES[name]
    where = bucket(policy=example.policy)
    for context in example.allows:
        assert allowed(caller(), example.action, where, example.key, context=context), context
    for context in example.denies:
        assert not allowed(caller(), example.action, where, example.key, context=context), context


def test_folders_are_of_one_user() -> None:
    example = EXAMPLES["folders of users"]
    where = bucket(policy=example.policy)
    assert not allowed(caller("bob"), "s3:GetObject", where, "home/carol/a")
    assert not allowed(ANONYMOUS, "s3:GetObject", where, "home/carol/a")
    spoofed = {"aws:username": "carol"}
    assert not allowed(caller("bob"), "s3:GetObject", where, "home/carol/a", context=spoofed)


# Who has what without any document.


@pytest.mark.parametrize("action", sorted(KNOWN))
def test_owners_may_everything_and_strangers_nothing(action: str) -> None:
    assert allowed(caller("alice"), action, bucket())
    assert allowed(root(), action, bucket())
    assert not allowed(caller("carol"), action, bucket())
    assert not allowed(ANONYMOUS, action, bucket())


@pytest.mark.parametrize(
    ("role", "read", "write", "manage"),
    [("owner", True, True, True), ("admin", True, True, True), ("member", True, True, False),
     ("reader", True, False, False)],
)  # fmt: skip
def test_members_of_an_organisation(role: Role, read: bool, write: bool, manage: bool) -> None:
    member, where = caller(orgs={"acme": role}), bucket(owner="org:acme")
    assert allowed(member, "s3:GetObject", where) is read
    assert allowed(member, "s3:ListBucket", where) is read
    assert allowed(member, "s3:PutObject", where) is write
    assert allowed(member, "s3:DeleteObject", where) is write
    assert allowed(member, "s3:PutBucketPolicy", where) is manage
    assert allowed(member, "s3:DeleteBucket", where) is manage
    assert not allowed(member, "s3:GetObject", bucket(owner="org:other"))


@pytest.mark.parametrize(
    ("level", "expected"),
    [("read", {"s3:GetObject"}), ("write", {"s3:GetObject", "s3:PutObject"}),
     ("manage", {"s3:GetObject", "s3:PutObject", "s3:PutBucketAcl"})],
)  # fmt: skip
def test_grants(level: Any, expected: set[str]) -> None:
    where = bucket(grants=(BucketGrant("carol", level),))
    actions = ("s3:GetObject", "s3:PutObject", "s3:PutBucketAcl")
    assert {action for action in actions if allowed(caller(), action, where)} == expected
    assert not allowed(caller("bob"), "s3:GetObject", where)


def test_what_concerns_no_bucket() -> None:
    for action in ("s3:ListAllMyBuckets", "s3:CreateBucket"):
        assert decide(caller(), Demand(action=action)).allowed
        assert not decide(ANONYMOUS, Demand(action=action)).allowed
    assert not decide(caller(), Demand(action="s3:GetObject")).allowed


def test_public_buckets_let_everybody_read_objects_and_nothing_else() -> None:
    where = bucket(public=True)
    for who in (ANONYMOUS, caller()):
        assert allowed(who, "s3:GetObject", where)
        for action in KNOWN - {"s3:GetObject"}:
            assert not allowed(who, action, where)
    for block in (
        PublicAccessBlock(ignore_public_acls=True),
        PublicAccessBlock(restrict_public_buckets=True),
    ):
        assert not allowed(ANONYMOUS, "s3:GetObject", bucket(public=True, block=block))


# Explicit denials.

SHUT = policy(statement(DENY))


@pytest.mark.parametrize("action", sorted(KNOWN - ON_POLICIES))
def test_a_denial_binds_everybody(action: str) -> None:
    where = bucket(policy=SHUT, owner="alice", public=True)
    for who in (caller("alice"), root(), caller(), ANONYMOUS):
        assert not allowed(who, action, where)


@pytest.mark.parametrize("action", sorted(ON_POLICIES))
def test_owners_can_always_mend_a_policy(action: str) -> None:
    where = bucket(policy=SHUT, grants=(BucketGrant("bob", "manage"),))
    assert allowed(caller("alice"), action, where)
    assert allowed(root(), action, where)
    assert not allowed(caller("bob"), action, where)
    ours = bucket(policy=SHUT, owner="org:acme")
    assert allowed(caller(orgs={"acme": "admin"}), action, ours)
    assert not allowed(caller(orgs={"acme": "member"}), action, ours)


def test_a_denial_can_spare_the_owner() -> None:
    where = bucket(policy=policy(statement(DENY, NotPrincipal={"AWS": "alice"})), public=True)
    assert allowed(caller("alice"), "s3:PutObject", where)
    assert not allowed(caller(), "s3:GetObject", where)
    assert not allowed(ANONYMOUS, "s3:GetObject", where)


# Keys that reach less far than those who hold them.


def session(*statements: dict[str, Any]) -> KeyScope:
    return KeyScope(policies=(parse_session(document(*statements)),))


READING = {"Effect": ALLOW, "Action": "s3:Get*", "Resource": OBJECTS}


@pytest.mark.parametrize("name", ["alice", "admin"])
def test_scopes_of_keys(name: str) -> None:
    def may(scope: KeyScope, action: str, where: BucketFacts) -> bool:
        who = root(scope) if name == "admin" else caller(name, key=scope)
        return allowed(who, action, where)

    assert may(KeyScope(), "s3:PutObject", bucket())
    assert may(KeyScope(read_only=True), "s3:GetObject", bucket())
    assert not may(KeyScope(read_only=True), "s3:PutObject", bucket())
    assert not may(KeyScope(read_only=True), "s3:PutBucketPolicy", bucket(policy=SHUT))
    assert may(KeyScope(buckets=frozenset({BUCKET})), "s3:PutObject", bucket())
    assert not may(KeyScope(buckets=frozenset({"other"})), "s3:GetObject", bucket())
    assert not may(KeyScope(buckets=frozenset()), "s3:GetObject", bucket(public=True))
    assert may(session(READING), "s3:GetObject", bucket())
    assert not may(session(READING), "s3:PutObject", bucket())
    everything = {"Effect": ALLOW, "Action": "*", "Resource": "*"}
    but_secrets = {"Effect": DENY, "Action": "*", "Resource": f"{EVERY[0]}/a*"}
    assert not may(session(everything, but_secrets), "s3:GetObject", bucket())
    no_policies = {"Effect": DENY, "Action": "s3:*BucketPolicy", "Resource": "*"}
    assert not may(session(everything, no_policies), "s3:GetBucketPolicy", bucket())


def test_a_session_gives_nothing_that_its_holder_has_not() -> None:
    assert not allowed(caller(key=session(READING)), "s3:GetObject", bucket())
    where = bucket(policy=policy(statement()))
    assert allowed(caller(key=session(READING)), "s3:GetObject", where)
    assert not allowed(caller(key=session(READING)), "s3:PutObject", where)


def test_scopes_and_buckets_that_do_not_exist_yet() -> None:
    scope = KeyScope(buckets=frozenset({"mine"}))
    making = Demand(action="s3:CreateBucket", name="mine", writes=True)
    assert decide(caller(key=scope), making).allowed
    other = Demand(action="s3:CreateBucket", name="other", writes=True)
    assert not decide(caller(key=scope), other).allowed
    assert not decide(caller(key=KeyScope(read_only=True)), making).allowed
    assert decide(caller(key=scope), Demand(action="s3:ListAllMyBuckets")).allowed
    one = {"Effect": ALLOW, "Action": "s3:CreateBucket", "Resource": "arn:aws:s3:::mine"}
    assert decide(caller(key=session(one)), making).allowed
    assert not decide(caller(key=session(one)), other).allowed


# Bucket policies, and what restricts them.


def test_a_policy_opens_a_bucket() -> None:
    where = bucket(policy=policy(statement(Principal={"AWS": "bob"}, Action="s3:GetObject")))
    assert allowed(caller("bob"), "s3:GetObject", where)
    assert not allowed(caller("bob"), "s3:PutObject", where)
    assert not allowed(caller("carol"), "s3:GetObject", where)
    assert not allowed(ANONYMOUS, "s3:GetObject", where)


def test_restricted_public_buckets() -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    public = policy(statement(Sid="All"), statement(Sid="Bob", Principal={"AWS": "bob"}))
    where = bucket(policy=public, block=block, grants=(BucketGrant("carol", "read"),))
    assert not allowed(ANONYMOUS, "s3:GetObject", where)
    assert not allowed(caller("bob"), "s3:GetObject", where)
    assert allowed(caller("carol"), "s3:PutObject", where), "within the account the policy counts"
    assert allowed(caller("alice"), "s3:GetObject", where)
    fixed = policy(statement(Principal={"AWS": "bob"}))
    assert allowed(caller("bob"), "s3:GetObject", bucket(policy=fixed, block=block))


# Access control lists.


@pytest.mark.parametrize("wanted", ["READ", "WRITE", "READ_ACP", "WRITE_ACP"])
@pytest.mark.parametrize("on", ["bucket", "object"])
def test_a_grant_is_what_it_says(wanted: Any, on: Any) -> None:
    action = {"READ": "s3:ListBucket", "WRITE": "s3:PutObject"}.get(wanted, "s3:PutBucketAcl")
    for granted in ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"):
        found = acl(ALICE, **{granted: BOB})
        where = bucket(ownership=WRITER, acl=found if on == "bucket" else private(ALICE))
        facts = {"on": on, "acl_permission": wanted, "object": ObjectFacts(found)}
        expected = granted in (wanted, "FULL_CONTROL")
        assert asks(caller("bob"), action, where, "a", **facts).allowed is expected
        assert not asks(caller("carol"), action, where, "a", **facts).allowed
        assert not asks(ANONYMOUS, action, where, "a", **facts).allowed


@pytest.mark.parametrize(
    ("group", "users", "everybody"),
    [(Group.ALL_USERS, True, True), (Group.AUTHENTICATED_USERS, True, False),
     (Group.LOG_DELIVERY, False, False)],
)  # fmt: skip
def test_groups(group: Group, users: bool, everybody: bool) -> None:
    found = acl(ALICE, READ=group)
    for ownership, block, counts in (
        (WRITER, PublicAccessBlock(), True),
        ("BucketOwnerPreferred", PublicAccessBlock(block_public_acls=True), True),
        (WRITER, PublicAccessBlock(ignore_public_acls=True), False),
        ("BucketOwnerEnforced", PublicAccessBlock(), False),
    ):
        where = bucket(ownership=ownership, block=block, acl=found)
        facts: dict[str, Any] = {"acl_permission": "READ"}
        assert allowed(caller(), "s3:ListBucket", where, **facts) is (users and counts)
        assert allowed(ANONYMOUS, "s3:ListBucket", where, **facts) is (everybody and counts)


def test_ignoring_public_lists_leaves_grants_to_users() -> None:
    block = PublicAccessBlock(ignore_public_acls=True)
    found = acl(ALICE, READ=BOB)
    where = bucket(ownership=WRITER, block=block, acl=found)
    assert allowed(caller("bob"), "s3:ListBucket", where, acl_permission="READ")


def test_disabled_lists_give_nothing() -> None:
    found = acl(ALICE, FULL_CONTROL=BOB)
    where = bucket(acl=found)
    facts: dict[str, Any] = {"acl_permission": "READ", "object": ObjectFacts(found)}
    assert not allowed(caller("bob"), "s3:GetObject", where, **facts)


def test_what_does_not_exist_has_no_list() -> None:
    where = bucket(ownership=WRITER, acl=acl(ALICE, READ=Group.ALL_USERS))
    assert not allowed(ANONYMOUS, "s3:GetObject", where, acl_permission="READ")


# Objects of others in one's bucket.

OF_BOB = ObjectFacts(private(BOB))


@pytest.mark.parametrize("action", sorted(ON_OBJECTS))
def test_what_others_own_follows_its_list(action: str) -> None:
    where = bucket(ownership=WRITER, policy=policy(statement()), public=False)
    follows = action in FOLLOWS_OBJECT
    assert allowed(caller("alice"), action, where, object=OF_BOB) is not follows
    assert allowed(caller("carol"), action, where, object=OF_BOB) is not follows
    assert allowed(root(), action, where, object=OF_BOB)
    enforced = bucket(policy=policy(statement()))
    assert allowed(caller("alice"), action, enforced, object=OF_BOB)
    assert allowed(caller("carol"), action, enforced, object=OF_BOB)


def test_owners_of_objects() -> None:
    where = bucket(ownership="BucketOwnerPreferred")
    bob = caller("bob")
    assert allowed(bob, "s3:GetObject", where, object=OF_BOB, acl_permission="READ")
    assert allowed(bob, "s3:PutObjectAcl", where, object=OF_BOB, acl_permission="WRITE_ACP")
    assert not allowed(bob, "s3:DeleteObject", where, object=OF_BOB)
    shared = ObjectFacts(acl(BOB, READ=ALICE))
    assert allowed(caller("alice"), "s3:GetObject", where, object=shared, acl_permission="READ")
    bare = ObjectFacts(Acl(BOB, ()))
    assert not allowed(bob, "s3:GetObject", where, object=bare, acl_permission="READ")
    for action, wanted in (("s3:GetObjectAcl", "READ_ACP"), ("s3:PutObjectAcl", "WRITE_ACP")):
        assert allowed(bob, action, where, object=bare, acl_permission=wanted)
        assert not allowed(caller(), action, where, object=bare, acl_permission=wanted)


def test_the_bucket_owner_may_deny_what_others_own() -> None:
    where = bucket(ownership=WRITER, policy=SHUT)
    facts: dict[str, Any] = {"object": OF_BOB, "acl_permission": "READ"}
    assert not allowed(caller("bob"), "s3:GetObject", where, **facts)


def test_members_and_grantees_get_no_further_than_the_owner() -> None:
    where = bucket(ownership=WRITER, grants=(BucketGrant("carol", "manage"),))
    assert not allowed(caller("carol"), "s3:GetObject", where, object=OF_BOB)
    assert allowed(caller("carol"), "s3:DeleteObject", where, object=OF_BOB)


def test_an_anonymous_owner_is_nobody() -> None:
    nobodys = ObjectFacts(Acl(User(""), ()))
    facts: dict[str, Any] = {"object": nobodys, "acl_permission": "READ_ACP"}
    assert not allowed(ANONYMOUS, "s3:GetObjectAcl", bucket(ownership=WRITER), **facts)


# Owners who take their own grant away.


def test_owners_can_revoke_what_lists_grant_and_give_it_back() -> None:
    where = bucket(ownership=WRITER, acl=Acl(ALICE, ()))
    alice = caller("alice")
    writing: dict[str, Any] = {"on": "bucket", "acl_permission": "WRITE"}
    assert not allowed(alice, "s3:PutObject", where, **writing)
    assert not allowed(alice, "s3:ListBucket", where, acl_permission="READ")
    assert allowed(alice, "s3:GetBucketAcl", where, acl_permission="READ_ACP")
    assert allowed(alice, "s3:PutBucketAcl", where, acl_permission="WRITE_ACP")
    assert allowed(alice, "s3:DeleteBucket", where)
    mine: dict[str, Any] = {"acl_permission": "READ", "object": ObjectFacts(Acl(ALICE, ()))}
    assert allowed(alice, "s3:GetObject", where, **mine)
    assert allowed(alice, "s3:PutObject", bucket(acl=Acl(ALICE, ())), **writing)
    open_to_all = bucket(ownership=WRITER, acl=Acl(ALICE, acl(ALICE, WRITE=CAROL).grants[1:]))
    assert not allowed(alice, "s3:PutObject", open_to_all, **writing)
    assert allowed(caller("carol"), "s3:PutObject", open_to_all, **writing)
    by_policy = bucket(ownership=WRITER, acl=Acl(ALICE, ()), policy=policy(statement()))
    assert allowed(alice, "s3:PutObject", by_policy, **writing)


# Why.


def test_explanations_name_rule_and_document() -> None:
    where = bucket(policy=policy(statement(DENY, Sid="NoDeletes", Action="s3:DeleteObject")))
    demand = Demand(action="s3:DeleteObject", bucket=where, key="x/y")
    assert explain(caller("alice"), demand) == (
        "alice may not s3:DeleteObject on arn:aws:s3:::photos/x/y: "
        "statement 'NoDeletes' denies it (bucket policy)"
    )
    assert explain(ANONYMOUS, Demand(action="s3:ListBucket", bucket=where)) == (
        "an anonymous caller may not s3:ListBucket on arn:aws:s3:::photos: "
        "nothing allows it (no document)"
    )
    assert explain(caller(), Demand(action="s3:ListAllMyBuckets")) == (
        "carol may s3:ListAllMyBuckets: every user has buckets (users)"
    )


def test_who_acts_for_the_owner() -> None:
    where = bucket(grants=(BucketGrant("bob", "read"),))
    assert acts_for_owner(caller("alice"), where)
    assert acts_for_owner(caller("bob"), where)
    assert acts_for_owner(root(), where)
    assert not acts_for_owner(caller("carol"), where)
    assert not acts_for_owner(ANONYMOUS, where)


# What holds for all policies.

Documents = st.SearchStrategy[dict[str, Any]]

ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketPolicy"])
KEYS = st.sampled_from(["a", "b/c", "home/carol/x"])
CONTEXTS = st.dictionaries(
    st.sampled_from(["s3:prefix", "aws:SourceIp", "s3:x-amz-acl"]),
    st.sampled_from(["a", "192.0.2.1", "private"]),
)
CONDITIONS: Documents = st.sampled_from([
    {},
    {"StringEquals": {"s3:prefix": "a"}},
    {"StringNotLike": {"s3:x-amz-acl": "p*"}},
    {"Null": {"s3:prefix": "true"}},
    {"ForAllValues:StringEquals": {"s3:x-amz-acl": "private"}},
    {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
])  # fmt: skip
WHOM: Documents = st.sampled_from([
    {"Principal": "*"},
    {"Principal": {"AWS": "carol"}},
    {"NotPrincipal": {"AWS": ["alice", "arn:aws:iam:::user/bob"]}},
])  # fmt: skip
WHAT: Documents = st.sampled_from([
    {"Action": "s3:*"},
    {"Action": ["s3:Get*", "s3:ListBucket"]},
    {"NotAction": "s3:PutObject"},
])  # fmt: skip
WHERE: Documents = st.sampled_from([
    {"Resource": list(EVERY)},
    {"Resource": [EVERY[0], f"{EVERY[0]}/home/${{aws:username}}/*"]},
    {"NotResource": f"{EVERY[0]}/b*"},
])  # fmt: skip
CALLERS = st.sampled_from([
    ANONYMOUS, root(), caller("alice"), caller("bob"), caller("carol"),
    caller("carol", key=KeyScope(read_only=True)), caller("alice", key=session(READING)),
])  # fmt: skip


@st.composite
def statements(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    fields = draw(WHOM) | draw(WHAT) | draw(WHERE)
    return statement(effect, Condition=draw(CONDITIONS), **fields)


BUCKETS = st.fixed_dictionaries(
    {
        "public": st.booleans(),
        "ownership": st.sampled_from(["BucketOwnerEnforced", WRITER]),
        "acl": st.sampled_from([private(ALICE), acl(ALICE, READ=BOB, WRITE=Group.ALL_USERS)]),
        "grants": st.sampled_from([(), (BucketGrant("bob", "write"),)]),
    }
)
DEMANDS = st.fixed_dictionaries(
    {"context": CONTEXTS, "acl_permission": st.sampled_from([None, "READ", "WRITE"])}
)
MANY = st.lists(statements(ALLOW) | statements(DENY), min_size=1, max_size=4)


@given(MANY, statements(DENY), CALLERS, ACTIONS, KEYS, BUCKETS, DEMANDS)
def test_one_denial_more_never_allows_more(
    listed: list[dict[str, Any]],
    denial: dict[str, Any],
    who: Caller,
    action: str,
    key: str,
    facts: dict[str, Any],
    demand: dict[str, Any],
) -> None:
    before = allowed(who, action, bucket(policy=policy(*listed), **facts), key, **demand)
    for more in ([*listed, denial], [denial, *listed]):
        after = allowed(who, action, bucket(policy=policy(*more), **facts), key, **demand)
        assert before or not after


@given(MANY, statements(ALLOW), CALLERS, ACTIONS, KEYS, BUCKETS, DEMANDS)
def test_one_permission_less_never_allows_more(
    listed: list[dict[str, Any]],
    permission: dict[str, Any],
    who: Caller,
    action: str,
    key: str,
    facts: dict[str, Any],
    demand: dict[str, Any],
) -> None:
    full = bucket(policy=policy(*listed, permission), **facts)
    less = bucket(policy=policy(*listed), **facts)
    assert allowed(who, action, full, key, **demand) or not allowed(
        who, action, less, key, **demand
    )


@given(MANY, CALLERS, ACTIONS, KEYS, BUCKETS, DEMANDS)
def test_no_switch_of_the_block_allows_more(
    listed: list[dict[str, Any]],
    who: Caller,
    action: str,
    key: str,
    facts: dict[str, Any],
    demand: dict[str, Any],
) -> None:
    known: dict[str, Any] = {"policy": policy(*listed)} | facts
    blocked = PublicAccessBlock(True, True, True, True)
    if allowed(who, action, bucket(block=blocked, **known), key, **demand):
        assert allowed(who, action, bucket(**known), key, **demand)
    assert who.kind != "anonymous" or not allowed(
        who, action, bucket(block=blocked, **known), key, **demand
    ), "a blocked bucket is closed to the public"
