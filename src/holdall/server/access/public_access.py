"""The public access block of a bucket: four switches that overrule lists and policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element, Node
from holdall.server.access.acls import Acl
from holdall.server.access.policies import Policy
from holdall.server.access.publicity import is_public

_ROOT: Final = "PublicAccessBlockConfiguration"
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """As S3's PublicAccessBlockConfiguration: the first and the third refuse what would make
    something public, the second and the fourth take the effect of what already is."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False

    def admit_acl(self, acl: Acl) -> None:
        """`AccessDenied` for a public list, in whatever request, while those are blocked."""
        if self.block_public_acls and acl.is_public:
            raise S3Error("AccessDenied")

    def admit_policy(self, policy: Policy) -> None:
        """`AccessDenied` for a public policy while those are blocked."""
        if self.block_public_policy and is_public(policy):
            raise S3Error("AccessDenied")


def from_xml(body: bytes) -> PublicAccessBlock:
    """A switch that is left out is off. `MalformedXML`."""
    root = xml.parse(body, _ROOT)
    names = {_element(field.name): field.name for field in fields(PublicAccessBlock)}
    if any(child.name not in names for child in root.children):
        raise S3Error("MalformedXML")
    return PublicAccessBlock(**{names[child.name]: _truth(child) for child in root.children})


def _truth(found: Element) -> bool:
    try:
        return _TRUTH[found.text.strip().lower()]
    except KeyError as error:
        raise S3Error("MalformedXML") from error


def to_xml(block: PublicAccessBlock) -> bytes:
    """What `from_xml` reads: also the way in which it is stored."""
    return xml.render(_ROOT, _nodes(block))


def _nodes(block: PublicAccessBlock) -> Iterator[Node]:
    return ((_element(field.name), getattr(block, field.name)) for field in fields(block))


def _element(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def policy_status(policy: Policy | None, acl: Acl | None = None) -> bytes:
    """The answer to GetBucketPolicyStatus; with a list, public if either is."""
    public = (policy is not None and is_public(policy)) or (acl is not None and acl.is_public)
    return xml.render("PolicyStatus", [("IsPublic", public)])
