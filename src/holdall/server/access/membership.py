"""How far a user acts for the owner of a bucket: as the owner, by a role or by a grant."""

from __future__ import annotations

from typing import Final, NamedTuple

from holdall.server.access.actions import Level
from holdall.server.access.callers import Caller, Role
from holdall.server.access.demands import ORGANISATION, BucketFacts, BucketGrant

_ORDER: Final[tuple[Level, ...]] = ("read", "write", "manage")
_OF_ROLE: Final[dict[Role, Level]] = {
    "owner": "manage",
    "admin": "manage",
    "member": "write",
    "reader": "read",
}


class Standing(NamedTuple):
    """What a user may do by itself with a bucket, and by which document."""

    level: Level
    owns: bool
    reason: str
    document: str

    def covers(self, level: Level) -> bool:
        return _ORDER.index(self.level) >= _ORDER.index(level)


def standing(caller: Caller, bucket: BucketFacts) -> Standing | None:
    """The farthest of all; None for strangers and anonymous callers."""
    if caller.kind == "anonymous":
        return None
    if bucket.owner == caller.user:
        return Standing("manage", True, "the caller owns the bucket", "bucket")
    found = [_by_role(caller, bucket), *(_by_grant(caller, grant) for grant in bucket.grants)]
    return max(filter(None, found), key=_rank, default=None)


def _rank(found: Standing) -> tuple[int, bool]:
    return _ORDER.index(found.level), found.owns


def _role(caller: Caller, name: str) -> Role | None:
    is_organisation = name.startswith(ORGANISATION)
    return caller.orgs.get(name.removeprefix(ORGANISATION)) if is_organisation else None


def _by_role(caller: Caller, bucket: BucketFacts) -> Standing | None:
    role = _role(caller, bucket.owner)
    if role is None:
        return None
    level = _OF_ROLE[role]
    reason = f"the caller's role in {bucket.owner} is {role}"
    return Standing(level, level == "manage", reason, "members of the organisation")


def _by_grant(caller: Caller, grant: BucketGrant) -> Standing | None:
    """A grant to an organisation gives each member no more than its role there."""
    role = _role(caller, grant.grantee)
    if grant.grantee != caller.user and role is None:
        return None
    level = grant.level if role is None else min(grant.level, _OF_ROLE[role], key=_ORDER.index)
    return Standing(level, False, f"{grant.grantee} was granted {grant.level}", "bucket grants")
