"""Sets of tags as `Tagging` documents (S3 PutBucketTagging, PutObjectTagging)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element
from holdall.server.access.context import Value
from holdall.server.objects import checked_tags

_ROOT: Final = "Tagging"


def from_xml(body: bytes, most: int) -> dict[str, str]:
    """`MalformedXML`, `InvalidTag`, and `BadRequest` for more than `most`."""
    tag_set = xml.parse(body, _ROOT).find("TagSet")
    if tag_set is None:
        raise S3Error("MalformedXML")
    return listed_in(tag_set, most)


def listed_in(found: Element, most: int) -> dict[str, str]:
    """The tags that an element holds. Errors as in `from_xml`."""
    if any(child.name != "Tag" for child in found.children):
        raise S3Error("MalformedXML")
    return checked_tags([_pair(tag) for tag in found.children], most)


def _pair(tag: Element) -> tuple[str, str]:
    name, value = tag.get("Key"), tag.get("Value")
    if name is None or value is None:
        raise S3Error("MalformedXML")
    return name, value


def to_xml(tags: Mapping[str, str]) -> bytes:
    """By name, so that the same tags are the same document."""
    listed = [("Tag", [("Key", name), ("Value", tags[name])]) for name in sorted(tags)]
    return xml.render(_ROOT, [("TagSet", listed)])


def condition_keys(tags: Mapping[str, str]) -> dict[str, Value]:
    """What a policy may ask of the tags in a request ("Tagging and access control")."""
    found: dict[str, Value] = {f"s3:RequestObjectTag/{name}": tags[name] for name in tags}
    if tags:
        found["s3:RequestObjectTagKeys"] = tuple(tags)
    return found
