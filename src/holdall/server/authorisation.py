"""Authorisation, decided in one place from values: who may do what, and which rule says so.

The order is that of "How Amazon S3 authorizes a request", with what Holdall adds to it:
organisations, grants and the scopes of keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from holdall.server.access import membership
from holdall.server.access.acls import Acl
from holdall.server.access.actions import FOLLOWS_OBJECT, ON_POLICIES, level_of
from holdall.server.access.callers import Caller, KeyScope, Role, context_of
from holdall.server.access.context import Context
from holdall.server.access.demands import BucketFacts, BucketGrant, Demand, ObjectFacts
from holdall.server.access.policies import Policy, Verdict
from holdall.server.access.publicity import is_public
from holdall.server.access.resources import arn

__all__ = [
    "BucketFacts",
    "BucketGrant",
    "Caller",
    "Decision",
    "Demand",
    "KeyScope",
    "ObjectFacts",
    "Role",
    "acts_for_owner",
    "decide",
    "explain",
]

_PUBLIC: Final = "s3:GetObject"
_FOR_USERS: Final = frozenset({"s3:CreateBucket", "s3:ListAllMyBuckets"})


class Decision(NamedTuple):
    """Whether the demand is allowed, by which rule, of which document."""

    allowed: bool
    rule: str
    document: str


class _Case:
    """A demand and its caller, with what several rules want to know of them."""

    def __init__(self, caller: Caller, demand: Demand) -> None:
        self.caller = caller
        self.demand = demand
        self.bucket = bucket = demand.bucket
        self.standing = None if bucket is None else membership.standing(caller, bucket)
        policy = bucket.policy if bucket else None
        self.by_bucket_policy = None if policy is None else self._verdict(policy)
        policies = caller.key.policies if caller.key else ()
        self.by_key_policies = [self._verdict(policy) for policy in policies] if policies else []

    def _verdict(self, policy: Policy) -> Verdict | None:
        context = Context(self.demand.context, context_of(self.caller))
        return policy.verdict(self.caller, self.demand.action, self.resource, context)

    @property
    def bucket_name(self) -> str | None:
        return self.bucket.name if self.bucket else self.demand.name

    @property
    def resource(self) -> str:
        return arn(self.bucket_name or "", self.demand.key)

    @property
    def acl(self) -> Acl | None:
        """The list that counts: none while lists are disabled, or of what does not exist."""
        if self.bucket is None or self.bucket.ownership == "BucketOwnerEnforced":
            return None
        if self.demand.on == "bucket":
            return self.bucket.acl
        return self.demand.object and self.demand.object.acl

    @property
    def is_foreign(self) -> bool:
        """Whether the object's owner, another than the bucket's, decides about the action."""
        found, bucket = self.demand.object, self.bucket
        return (
            bucket is not None
            and bucket.ownership != "BucketOwnerEnforced"
            and found is not None
            and found.acl.owner.id != bucket.acl.owner.id
            and self.demand.action in FOLLOWS_OBJECT
        )


def decide(caller: Caller, demand: Demand) -> Decision:
    """Whether the caller may do what is demanded. The first rule that has an opinion wins."""
    case = _Case(caller, demand)
    for rule in _RULES:
        decision = rule(case)
        if decision is not None:
            return decision
    return _IMPLICIT


def explain(caller: Caller, demand: Demand) -> str:
    """The decision in a sentence, for those who manage the bucket."""
    case = _Case(caller, demand)
    decision = decide(caller, demand)
    who = caller.user or "an anonymous caller"
    verb = "may" if decision.allowed else "may not"
    on = f" on {case.resource}" if case.bucket_name else ""
    return f"{who} {verb} {demand.action}{on}: {decision.rule} ({decision.document})"


def acts_for_owner(caller: Caller, bucket: BucketFacts) -> bool:
    """Whether what the caller writes belongs to the owner of the bucket, whatever its object
    ownership: by role or grant, or as an administrator of the server."""
    return caller.kind == "root" or membership.standing(caller, bucket) is not None


def _session_denies(case: _Case) -> Decision | None:
    for verdict in case.by_key_policies:
        if verdict is not None and (denial := _denied(verdict, "session policy")) is not None:
            return denial
    return None


def _bucket_policy_denies(case: _Case) -> Decision | None:
    verdict = case.by_bucket_policy
    if verdict is None or (case.demand.action in ON_POLICIES and _is_owner(case)):
        return None
    return _denied(verdict, "bucket policy")


def _denied(verdict: Verdict, document: str) -> Decision | None:
    if verdict.effect == "Allow":
        return None
    return Decision(False, f"statement {verdict.label} denies it", document)


def _is_owner(case: _Case) -> bool:
    """A policy that shuts out its author can always be replaced by these."""
    return case.caller.kind == "root" or (case.standing is not None and case.standing.owns)


def _key_is_too_narrow(case: _Case) -> Decision | None:
    scope = case.caller.key
    if scope is None:
        return None
    if scope.read_only and case.demand.writes:
        return Decision(False, "the key may only read", "access key")
    if scope.buckets is not None and not _is_within(scope.buckets, case):
        return Decision(False, "the key is for other buckets", "access key")
    if None in case.by_key_policies:
        return Decision(False, "no statement allows it", "session policy")
    return None


def _is_within(buckets: frozenset[str], case: _Case) -> bool:
    """A listing of buckets is cut down to those of the scope by who lists them."""
    return case.bucket_name is None or case.bucket_name in buckets


def _root(case: _Case) -> Decision | None:
    if case.caller.kind != "root":
        return None
    return Decision(True, "the caller administers the server", "users")


def _no_bucket(case: _Case) -> Decision | None:
    """What every user may do for itself."""
    if case.bucket is not None or case.caller.kind == "anonymous":
        return None
    if case.demand.action not in _FOR_USERS:
        return None
    return Decision(True, "every user has buckets", "users")


def _standing_suffices(case: _Case) -> Decision | None:
    found = case.standing
    if found is None or case.is_foreign or not found.covers(level_of(case.demand.action)):
        return None
    if found.owns and _is_revoked(case):
        return None
    return Decision(True, found.reason, found.document)


def _is_revoked(case: _Case) -> bool:
    """Whether the list of the bucket no longer grants its owner what lists grant.

    Owners have READ_ACP and WRITE_ACP implicitly and the rest by the grant of full control
    that a list starts with ("Permissions" of the S3 REST API): who takes it out, may not
    write before putting it back.
    """
    wanted, acl = case.demand.acl_permission, case.acl
    if acl is None or case.demand.on != "bucket" or wanted not in ("READ", "WRITE"):
        return False
    return not any(acl.granting(wanted, acl.owner.id))


def _started_it(case: _Case) -> Decision | None:
    """ "Multipart upload API and permissions": whoever began may go on, list and abort."""
    if not case.demand.initiated or case.caller.kind == "anonymous":
        return None
    return Decision(True, "the caller started the upload", "upload")


def _bucket_policy_allows(case: _Case) -> Decision | None:
    """Not on objects of others: their owners decide ("Bucket policies")."""
    verdict = case.by_bucket_policy
    if verdict is None or verdict.effect == "Deny" or case.is_foreign or _is_restricted(case):
        return None
    return Decision(True, f"statement {verdict.label} allows it", "bucket policy")


def _is_restricted(case: _Case) -> bool:
    """RestrictPublicBuckets: a public policy counts only for those who act for the owner."""
    bucket = case.bucket
    if bucket is None or not bucket.block.restrict_public_buckets or case.standing:
        return False
    return bucket.policy is not None and is_public(bucket.policy)


def _acl_allows(case: _Case) -> Decision | None:
    wanted, acl = case.demand.acl_permission, case.acl
    if wanted is None or acl is None:
        return None
    document = f"{case.demand.on} ACL"
    user_id = case.caller.canonical_id
    if wanted in ("READ_ACP", "WRITE_ACP") and acl.owner.id == user_id != "":
        return Decision(True, "the owner may always read and change it", document)
    for grant in acl.granting(wanted, user_id):
        if not (grant.is_public and _ignores_public_acls(case)):
            return Decision(True, f"a grant of {grant.permission} allows it", document)
    return None


def _ignores_public_acls(case: _Case) -> bool:
    return case.bucket is not None and case.bucket.block.ignore_public_acls


def _bucket_is_public(case: _Case) -> Decision | None:
    bucket = case.bucket
    if bucket is None or not bucket.public or case.demand.action != _PUBLIC:
        return None
    if bucket.block.ignore_public_acls or bucket.block.restrict_public_buckets:
        return None
    return Decision(True, "everybody may read the objects of a public bucket", "bucket")


_RULES: Final[tuple[Callable[[_Case], Decision | None], ...]] = (
    _session_denies,
    _bucket_policy_denies,
    _key_is_too_narrow,
    _root,
    _no_bucket,
    _standing_suffices,
    _started_it,
    _bucket_policy_allows,
    _acl_allows,
    _bucket_is_public,
)
_IMPLICIT: Final = Decision(False, "nothing allows it", "no document")
