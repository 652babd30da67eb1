"""How requests name those to whom a list grants something."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from holdall.s3.errors import S3Error
from holdall.server.access.acls import Group, User


class Directory(NamedTuple):
    """Who there is. Both give None for what they do not know."""

    by_id: Callable[[str], User | None]
    by_email: Callable[[str], User | None]

    def knowing(self, user: User) -> Directory:
        """The same, and a user that need not be in it."""
        return self._replace(by_id=lambda text: user if text == user.id else self.by_id(text))


def by_id(directory: Directory, text: str) -> User:
    """`InvalidArgument` where no account has this canonical id."""
    found = directory.by_id(text) if text else None
    if found is None:
        raise S3Error(
            "InvalidArgument",
            "Invalid id",
            ArgumentName="CanonicalUser/ID",
            ArgumentValue=text,
        )
    return found


def by_email(directory: Directory, text: str) -> User:
    """`UnresolvableGrantByEmailAddress` where no account has this address."""
    found = directory.by_email(text) if text else None
    if found is None:
        raise S3Error("UnresolvableGrantByEmailAddress")
    return found


def by_uri(_: Directory, text: str) -> Group:
    """`InvalidArgument` for any but the predefined groups."""
    try:
        return Group(text)
    except ValueError as error:
        raise S3Error(
            "InvalidArgument",
            "Invalid group uri",
            ArgumentName="Group/URI",
            ArgumentValue=text,
        ) from error
