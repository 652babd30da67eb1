"""A bucket's stored documents as the values that authorisation judges."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from holdall.catalog.tables.grants import GrantRow
from holdall.server.access import acls, policies, public_access
from holdall.server.access.acls import Acl, User
from holdall.server.access.actions import Level
from holdall.server.access.demands import ORGANISATION, BucketGrant
from holdall.server.access.ownership import Ownership, setting
from holdall.server.access.policies import Policy
from holdall.server.access.public_access import PublicAccessBlock
from holdall.server.authorisation import BucketFacts
from holdall.server.buckets import Bucket
from holdall.server.identities import canonical_id

# What is judged with every request is read once: the texts are the keys.
_policy = lru_cache(maxsize=1024)(policies.parse)
_acl = lru_cache(maxsize=4096)(acls.from_json)
_block = lru_cache(maxsize=64)(public_access.from_xml)


def user(name: str) -> User:
    """An owner as access lists name it."""
    return User(canonical_id(name), name)


def policy_of(bucket: Bucket) -> Policy | None:
    text = bucket.settings.get("policy")
    return None if text is None else _policy(text.encode(), bucket.name)


def acl_of(bucket: Bucket) -> Acl:
    text = bucket.settings.get("acl")
    return acls.private(user(bucket.owner)) if text is None else _acl(text)


def object_acl(text: str | None, bucket: Bucket) -> Acl:
    """The list of an object; without one it is its bucket owner's alone."""
    return acls.private(user(bucket.owner)) if text is None else _acl(text)


def block_of(bucket: Bucket) -> PublicAccessBlock:
    text = bucket.settings.get("public-access-block")
    return PublicAccessBlock() if text is None else _block(text.encode())


def ownership_of(bucket: Bucket) -> Ownership:
    """Without a setting lists count and writers own, as in buckets made before April 2023."""
    return setting(bucket.settings.get("ownership", "ObjectWriter"))


@lru_cache(maxsize=1024)
def _grant(row: GrantRow) -> BucketGrant:
    kind, _, name = row.grantee.partition(":")
    level = cast(Level, row.level)  # checked when it was stored
    return BucketGrant(ORGANISATION + name if kind == "org" else name, level)


@lru_cache(maxsize=1024)
def facts_of(bucket: Bucket) -> BucketFacts:
    return BucketFacts(
        name=bucket.name,
        owner=bucket.owner,
        acl=acl_of(bucket),
        policy=policy_of(bucket),
        block=block_of(bucket),
        ownership=ownership_of(bucket),
        grants=tuple(_grant(row) for row in bucket.grants),
        public=bucket.public,
    )
