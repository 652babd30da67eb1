"""Access lists as `AccessControlPolicy` documents, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element, Node
from holdall.server.access.acls import (
    MAX_GRANTS,
    PERMISSIONS,
    Acl,
    Grant,
    Grantee,
    Group,
    User,
)
from holdall.server.access.grantees import Directory, by_email, by_id, by_uri

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_Reader = Callable[[Directory, str], Grantee]

_GRANTEES: Final[Mapping[str, tuple[str, _Reader]]] = MappingProxyType({
    "CanonicalUser": ("ID", by_id),
    "AmazonCustomerByEmail": ("EmailAddress", by_email),
    "Group": ("URI", by_uri),
})  # fmt: skip
"""By `xsi:type`: the element that names the grantee, and who it is then."""


def from_xml(body: bytes, owner: User, directory: Directory) -> Acl:
    """The list that a body asks for, of a resource that belongs to `owner`.

    `MalformedACLError`; `AccessDenied` where it names another owner, who cannot be changed
    so; `InvalidArgument` and `UnresolvableGrantByEmailAddress` for unknown grantees.
    """
    try:
        root = xml.parse(body, "AccessControlPolicy")
    except S3Error as error:
        raise S3Error("MalformedACLError") from error
    _demand_owner(root, owner)
    listed = _child(root, "AccessControlList").children
    if len(listed) > MAX_GRANTS or any(each.name != "Grant" for each in listed):
        raise S3Error("MalformedACLError")
    known = directory.knowing(owner)
    return Acl(owner, tuple(dict.fromkeys(_grant(each, known) for each in listed)))


def _demand_owner(root: Element, owner: User) -> None:
    if _text(_child(root, "Owner"), "ID") != owner.id:
        raise S3Error("AccessDenied")


def _grant(found: Element, directory: Directory) -> Grant:
    permission = _text(found, "Permission")
    if permission not in PERMISSIONS:
        raise S3Error("MalformedACLError")
    return Grant(_grantee(_child(found, "Grantee"), directory), permission)


def _grantee(found: Element, directory: Directory) -> Grantee:
    known = _GRANTEES.get(found.attributes.get("type", ""))
    if known is None:
        raise S3Error("MalformedACLError")
    name, read = known
    return read(directory, _text(found, name))


def _child(found: Element, name: str) -> Element:
    child = found.find(name)
    if child is None:
        raise S3Error("MalformedACLError")
    return child


def _text(found: Element, name: str) -> str:
    text = (found.get(name) or "").strip()
    if not text:
        raise S3Error("MalformedACLError")
    return text


def to_xml(acl: Acl) -> bytes:
    """The answer to GetBucketAcl and GetObjectAcl."""
    grants: list[Node] = [("Grant", _grant_node(grant)) for grant in acl.grants]
    content: list[Node] = [("Owner", _user_node(acl.owner)), ("AccessControlList", grants)]
    return xml.render("AccessControlPolicy", content)


def _grant_node(grant: Grant) -> list[Node]:
    kind, content = _described(grant.grantee)
    opening = f'Grantee xmlns:xsi="{_XSI}" xsi:type="{kind}"'
    return [(opening, content), ("Permission", grant.permission)]


def _described(grantee: Grantee) -> tuple[str, list[Node]]:
    if isinstance(grantee, Group):
        return "Group", [("URI", grantee.value)]
    return "CanonicalUser", _user_node(grantee)


def _user_node(user: User) -> list[Node]:
    return [("ID", user.id), ("DisplayName", user.display_name or None)]
