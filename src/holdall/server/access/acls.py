"""Access control lists of buckets and objects ("Access control list overview")."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, NamedTuple

Permission = Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]
Kind = Literal["bucket", "object"]

MAX_GRANTS: Final = 100
PERMISSIONS: Final[tuple[Permission, ...]] = (
    "READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"
)  # fmt: skip


class User(NamedTuple):
    """An owner or grantee by its canonical id."""

    id: str
    display_name: str = ""


class Group(Enum):
    """The predefined groups, by their addresses. Nobody here is of the last."""

    ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
    AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"

    @property
    def is_public(self) -> bool:
        return self is not Group.LOG_DELIVERY


Grantee = User | Group


class Grant(NamedTuple):
    grantee: Grantee
    permission: Permission

    @property
    def is_public(self) -> bool:
        return isinstance(self.grantee, Group) and self.grantee.is_public

    def includes(self, permission: Permission) -> bool:
        return self.permission in (permission, "FULL_CONTROL")

    def reaches(self, user_id: str) -> bool:
        """Whether the grantee is this user, who has an empty id when anonymous."""
        if isinstance(self.grantee, User):
            return self.grantee.id == user_id != ""  # an empty id is nobody's
        if self.grantee is Group.AUTHENTICATED_USERS:
            return user_id != ""
        return self.grantee is Group.ALL_USERS


@dataclass(frozen=True, slots=True)
class Acl:
    owner: User
    grants: tuple[Grant, ...]

    @property
    def is_public(self) -> bool:
        """Whether a grant reaches people whom nobody listed."""
        return any(grant.is_public for grant in self.grants)

    @property
    def is_private(self) -> bool:
        """Whether it gives nothing to anybody but its owner."""
        return all(
            isinstance(grant.grantee, User) and grant.grantee.id == self.owner.id
            for grant in self.grants
        )

    def granting(self, permission: Permission, user_id: str) -> Iterator[Grant]:
        """The grants that give a permission to a user, who has an empty id when anonymous."""
        return (
            grant for grant in self.grants if grant.includes(permission) and grant.reaches(user_id)
        )


def private(owner: User) -> Acl:
    """What a bucket or an object has that was made without saying anything."""
    return Acl(owner, (Grant(owner, "FULL_CONTROL"),))


def to_json(acl: Acl) -> str:
    """As it is stored; `from_json` reads it."""
    grants = [[*_packed(grant.grantee), grant.permission] for grant in acl.grants]
    packed = {"owner": [*acl.owner], "grants": grants}
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"))


def _packed(grantee: Grantee) -> list[str]:
    return ["group", grantee.value] if isinstance(grantee, Group) else ["user", *grantee]


def from_json(text: str) -> Acl:
    """What `to_json` wrote."""
    found = json.loads(text)
    return Acl(User(*found["owner"]), tuple(map(_unpacked, found["grants"])))


def _unpacked(found: list[Any]) -> Grant:
    kind, *who, permission = found
    return Grant(Group(who[0]) if kind == "group" else User(*who), permission)
