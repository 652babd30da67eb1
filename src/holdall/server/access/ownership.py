"""Object ownership: who owns what is written into a bucket, and whether lists count at all.

"Controlling ownership of objects and disabling ACLs" in the S3 User Guide.
"""

from __future__ import annotations

from typing import Final, Literal, cast

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.server.access.acl_requests import Asked
from holdall.server.access.acls import Acl, Grant, User

Ownership = Literal["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]

SETTINGS: Final = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_FULL_CONTROL: Final = "bucket-owner-full-control"


def setting(text: str) -> Ownership:
    """The setting that the header `x-amz-object-ownership` names. `InvalidArgument`."""
    if text not in SETTINGS:
        raise S3Error(
            "InvalidArgument",
            f"Invalid x-amz-object-ownership header: {text}",
            ArgumentName="x-amz-object-ownership",
            ArgumentValue=text,
        )
    return cast(Ownership, text)


def from_xml(body: bytes) -> Ownership:
    """The setting of an `OwnershipControls` document, which has one rule. `MalformedXML`."""
    rules = xml.parse(body, "OwnershipControls").children
    if len(rules) != 1 or rules[0].name != "Rule":
        raise S3Error("MalformedXML")
    text = rules[0].need("ObjectOwnership").strip()
    if text not in SETTINGS:
        raise S3Error("MalformedXML")
    return cast(Ownership, text)


def to_xml(ownership: Ownership) -> bytes:
    return xml.render("OwnershipControls", [("Rule", [("ObjectOwnership", ownership)])])


def owner_of_new(
    ownership: Ownership,
    writer: User,
    bucket_owner: User,
    asked: Asked | None,
    *,
    acts_for_owner: bool,
) -> User:
    """Who owns an object that is being written.

    `acts_for_owner` is `authorisation.acts_for_owner`: what members and grantees put into a
    bucket is its owner's, as what users of one account write is the account's. Others keep
    what they write, unless lists are disabled or they give it away; of anonymous writers,
    who have no id, nobody could ask for it again.
    """
    if acts_for_owner or ownership == "BucketOwnerEnforced" or not writer.id:
        return bucket_owner
    # By the canned ACL alone: equal grants in headers do not change the owner.
    given = asked is not None and asked.canned == _FULL_CONTROL
    return bucket_owner if given and ownership == "BucketOwnerPreferred" else writer


def admit_acl(ownership: Ownership, asked: Asked, bucket_owner: User) -> None:
    """`AccessControlListNotSupported` for any list but the bucket owner's full control, when
    lists are disabled. For what writes objects or sets the list of one."""
    if ownership != "BucketOwnerEnforced" or asked.canned == _FULL_CONTROL:
        return
    if asked.canned is not None or not _only_full_control(asked.grants, bucket_owner):
        raise S3Error("AccessControlListNotSupported")


def admit_bucket_acl(ownership: Ownership) -> None:
    """`AccessControlListNotSupported` for any PutBucketAcl while lists are disabled."""
    if ownership == "BucketOwnerEnforced":
        raise S3Error("AccessControlListNotSupported")


def _only_full_control(grants: tuple[Grant, ...], bucket_owner: User) -> bool:
    return bool(grants) and all(
        isinstance(grant.grantee, User)
        and grant.grantee.id == bucket_owner.id
        and grant.permission == "FULL_CONTROL"
        for grant in grants
    )


def admit_setting(ownership: Ownership, bucket_acl: Acl) -> None:
    """`InvalidBucketAclWithObjectOwnership` where lists are to be disabled, by CreateBucket or
    PutBucketOwnershipControls, while that of the bucket gives something to others."""
    if ownership == "BucketOwnerEnforced" and not bucket_acl.is_private:
        raise S3Error("InvalidBucketAclWithObjectOwnership")
