"""The canned ACLs: names for the lists that people mostly want ("Canned ACL")."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from holdall.s3.errors import S3Error
from holdall.server.access.acls import Acl, Grant, Group, Kind, Permission, User

EC2: Final = User("6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c", "za-team")
"""The account of AWS that `aws-exec-read` lets read machine images."""

_Others = tuple[tuple[User | Group, Permission], ...]

_FOR_BOTH: Final[Mapping[str, _Others]] = MappingProxyType({
    "private": (),
    "public-read": ((Group.ALL_USERS, "READ"),),
    "public-read-write": ((Group.ALL_USERS, "READ"), (Group.ALL_USERS, "WRITE")),
    "authenticated-read": ((Group.AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": ((EC2, "READ"),),
})  # fmt: skip

_LOG_DELIVERY: Final[_Others] = (
    (Group.LOG_DELIVERY, "WRITE"),
    (Group.LOG_DELIVERY, "READ_ACP"),
)

_FOR_BUCKET_OWNER: Final[Mapping[str, Permission]] = MappingProxyType({
    "bucket-owner-read": "READ",
    "bucket-owner-full-control": "FULL_CONTROL",
})  # fmt: skip


def canned(name: str, on: Kind, owner: User, bucket_owner: User) -> Acl:
    """The list that a canned ACL stands for. `InvalidArgument` where there is no such name.

    A bucket ignores the names that concern its owner: it is private then.
    """
    return Acl(owner, (Grant(owner, "FULL_CONTROL"), *_others(name, on, owner, bucket_owner)))


def _others(name: str, on: Kind, owner: User, bucket_owner: User) -> tuple[Grant, ...]:
    permission = _FOR_BUCKET_OWNER.get(name)
    if permission is not None:
        is_own = on == "bucket" or owner.id == bucket_owner.id
        return () if is_own else (Grant(bucket_owner, permission),)
    if name == "log-delivery-write" and on == "bucket":
        return tuple(Grant(*other) for other in _LOG_DELIVERY)
    if name not in _FOR_BOTH:
        raise S3Error("InvalidArgument", ArgumentName="x-amz-acl", ArgumentValue=name)
    return tuple(Grant(*other) for other in _FOR_BOTH[name])
