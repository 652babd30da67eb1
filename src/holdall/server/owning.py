"""Whose an object is, where it is not its bucket's owner's: a fact of it that never changes.

Its access list says so too, but listings do not look at the lists of what they show.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from holdall.s3.xml import Markup, fragment
from holdall.server import listing
from holdall.server.access import acls
from holdall.server.buckets import Bucket
from holdall.server.call import Call
from holdall.server.facts import ownership_of
from holdall.server.identities import canonical_id

ATTRIBUTE: Final = "owner"


def attributes(call: Call, marks: Mapping[str, str]) -> dict[str, str]:
    """What a new object remembers of its owner: nothing, or that it is the caller's."""
    if "acl" not in marks or not call.caller.user:
        return {}
    owner = acls.from_json(marks["acl"]).owner
    return {ATTRIBUTE: call.caller.user} if owner.id == call.caller.canonical_id else {}


def owner_of(bucket: Bucket, attributes: Mapping[str, str]) -> str:
    """Whoever wrote it owns nothing in a bucket that enforces its owner's (S3 Object Ownership)."""
    if ATTRIBUTE not in attributes or ownership_of(bucket) == "BucketOwnerEnforced":
        return bucket.owner
    return attributes[ATTRIBUTE]


def node(bucket: Bucket, attributes: Mapping[str, str]) -> Markup:
    """The owner as listings tell of one."""
    return _node(owner_of(bucket, attributes))


@lru_cache(maxsize=1024)  # one owner has all of a page
def _node(name: str) -> Markup:
    return fragment("Owner", listing.owner(canonical_id(name), name))
