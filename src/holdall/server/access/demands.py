"""What a request demands, of what: the facts that an authorisation is decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from holdall.server.access.acls import Acl, Kind
from holdall.server.access.actions import Level
from holdall.server.access.context import Value
from holdall.server.access.ownership import Ownership
from holdall.server.access.policies import Policy
from holdall.server.access.public_access import PublicAccessBlock

AclPermission = Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP"]

ORGANISATION = "org:"
"""What the names of owners and grantees start with that are organisations."""


class BucketGrant(NamedTuple):
    """Access to a bucket given to a user, or to `org:<name>`."""

    grantee: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFacts:
    """A bucket and its documents. `owner` is a user's name or `org:<name>`; `acl.owner` is
    the same by its canonical id. `public`: everybody may read its objects."""

    name: str
    owner: str
    acl: Acl
    policy: Policy | None = None
    block: PublicAccessBlock = field(default_factory=PublicAccessBlock)
    ownership: Ownership = "BucketOwnerEnforced"
    grants: tuple[BucketGrant, ...] = ()
    public: bool = False


class ObjectFacts(NamedTuple):
    """An object that exists; its owner is that of its list."""

    acl: Acl


class Demand(NamedTuple):
    """One action on one bucket or object.

    `bucket` is None where none exists yet, and `name` then the name it would have; both are
    None for what concerns no bucket. `acl_permission` is the grant, on the list of the bucket
    or of the object (`on`), that allows the same. `context` holds the condition keys of the
    request, such as `aws:SourceIp` and `s3:prefix`, each only if it has a value; those of the
    caller are added. `initiated`: the caller started the upload that this goes on with.
    """

    action: str
    bucket: BucketFacts | None = None
    name: str | None = None
    key: str | None = None
    object: ObjectFacts | None = None
    acl_permission: AclPermission | None = None
    on: Kind = "bucket"
    writes: bool = False
    initiated: bool = False
    context: Mapping[str, Value] = MappingProxyType({})
