"""The access list that a request asks for: canned, in grant headers, or as a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from holdall.s3.errors import S3Error
from holdall.server.access import acl_documents
from holdall.server.access.acls import MAX_GRANTS, Acl, Grant, Grantee, Kind, Permission, User
from holdall.server.access.canned import canned
from holdall.server.access.grantees import Directory, by_email, by_id, by_uri

CANNED: Final = "x-amz-acl"
GRANTS: Final[Mapping[str, Permission]] = MappingProxyType({
    "x-amz-grant-full-control": "FULL_CONTROL",
    "x-amz-grant-read": "READ",
    "x-amz-grant-write": "WRITE",
    "x-amz-grant-read-acp": "READ_ACP",
    "x-amz-grant-write-acp": "WRITE_ACP",
})  # fmt: skip

_HEADERS: Final = frozenset({CANNED, *GRANTS})
# Possessive: blanks that could be matched here or there would be tried in every way.
_ONE: Final = re.compile(r'\s*+(\w++)\s*+=\s*+(?:"([^"]*+)"|([^",\s]*+))\s*+(?:,|$)', re.ASCII)
_KINDS: Final[Mapping[str, Callable[[Directory, str], Grantee]]] = MappingProxyType({
    "id": by_id,
    "uri": by_uri,
    "emailaddress": by_email,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: a canned ACL by name, or grants in place of all others."""

    canned: str | None = None
    grants: tuple[Grant, ...] = ()

    def acl(self, on: Kind, owner: User, bucket_owner: User) -> Acl:
        """The list that a resource of this owner gets. `InvalidArgument`: no such name."""
        if self.canned is None:
            return Acl(owner, self.grants)
        return canned(self.canned, on, owner, bucket_owner)


def asks(headers: Mapping[str, str]) -> bool:
    """Whether the headers (in lower case) say anything of an access list."""
    return not _HEADERS.isdisjoint(headers)


def asked_in_headers(headers: Mapping[str, str], directory: Directory) -> Asked | None:
    """What the headers (in lower case) of any request that makes something ask for.

    None where they say nothing. `InvalidRequest` where they say it in two ways,
    `InvalidArgument` and `UnresolvableGrantByEmailAddress` for grants that mean nobody.
    """
    granting = [name for name in GRANTS if name in headers]
    if CANNED in headers:
        if granting:
            raise S3Error(
                "InvalidRequest",
                "Specifying both Canned ACLs and Header Grants is not allowed",
            )
        return Asked(canned=headers[CANNED])
    if not granting:
        return None
    grants = (grant for name in granting for grant in _grants(name, headers[name], directory))
    return Asked(grants=_counted(tuple(dict.fromkeys(grants))))


def asked(headers: Mapping[str, str], body: bytes, owner: User, directory: Directory) -> Asked:
    """What a PutBucketAcl or PutObjectAcl asks for, of a resource of this owner.

    `UnexpectedContent` where both headers and body ask, `MissingSecurityHeader` where neither
    does; else as `asked_in_headers` and `acl_documents.from_xml`.
    """
    found = asked_in_headers(headers, directory)
    if found is None and not body:
        raise S3Error("MissingSecurityHeader", MissingHeaderName=CANNED)
    if found is None:
        return Asked(grants=acl_documents.from_xml(body, owner, directory).grants)
    if body:
        raise S3Error("UnexpectedContent")
    return found


def _grants(name: str, value: str, directory: Directory) -> Iterator[Grant]:
    at = 0
    while at < len(value):
        match = _ONE.match(value, at)
        read = match and _KINDS.get(match[1].lower())
        if match is None or read is None:
            raise S3Error(
                "InvalidArgument",
                "Argument format not recognized",
                ArgumentName=name,
                ArgumentValue=value,
            )
        who = match[3] if match[2] is None else match[2]
        yield Grant(read(directory, who), GRANTS[name])
        at = match.end()


def _counted(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    if len(grants) > MAX_GRANTS:
        raise S3Error("InvalidRequest", f"An access control list has at most {MAX_GRANTS} grants")
    return grants
