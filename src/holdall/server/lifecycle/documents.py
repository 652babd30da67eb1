"""Lifecycle rules as `LifecycleConfiguration` documents, read with S3's demands and written."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeVar

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.times import from_iso, to_iso
from holdall.s3.xml import Content, Element, Node
from holdall.server.buckets import Bucket
from holdall.server.documents import remembered
from holdall.server.lifecycle import demands
from holdall.server.lifecycle.rules import (
    MINIMUM_SIZES,
    Expiration,
    Filter,
    Lifecycle,
    NoncurrentExpiration,
    Rule,
    Transition,
)

Part = TypeVar("Part")

SETTING: Final = "lifecycle"
MAX_RULES: Final = 1000
CLASSES: Final = frozenset(
    {
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
"""What S3 moves objects to."""

_ROOT: Final = "LifecycleConfiguration"
_MINIMUM: Final = "TransitionDefaultMinimumObjectSize"
_STATUS: Final = {"Enabled": True, "Disabled": False}
_IN_RULE: Final = frozenset(
    {
        "ID",
        "Status",
        "Filter",
        "Prefix",
        "Expiration",
        "Transition",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransition",
        "AbortIncompleteMultipartUpload",
    }
)
_PREDICATES: Final = frozenset({"Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"})


def from_xml(body: bytes, minimum_size: str | None = None) -> Lifecycle:
    """The rules of a PutBucketLifecycleConfiguration, with the size of its header.

    `MalformedXML`, and `InvalidArgument` or `InvalidRequest` for what contradicts itself.
    """
    root = xml.parse(body, _ROOT)
    found = [child for child in root.children if child.name == "Rule"]
    if not found or len(found) != len(root.children):
        raise _malformed()
    if len(found) > MAX_RULES:
        raise S3Error("InvalidRequest", f"A lifecycle has {MAX_RULES} rules at most.")
    rules = tuple(_rule(each) for each in found)
    demands.check(rules)
    return Lifecycle(rules, _minimum_size(minimum_size))


def _malformed() -> S3Error:
    return S3Error("MalformedXML")


def _minimum_size(text: str | None) -> str:
    if text is None:
        return MINIMUM_SIZES[0]
    if text not in MINIMUM_SIZES:
        raise S3Error("InvalidRequest", f"Invalid {_MINIMUM} found: {text}")
    return text


def _rule(found: Element) -> Rule:
    _allow_only(found, _IN_RULE)
    status = (found.get("Status") or "").strip()
    if status not in _STATUS:
        raise _malformed()
    return Rule(
        id=found.get("ID") or _new_id(),
        enabled=_STATUS[status],
        filter=_filter(found),
        expiration=_optional(found, "Expiration", _expiration),
        noncurrent=_optional(found, "NoncurrentVersionExpiration", _noncurrent),
        abort=_optional(found, "AbortIncompleteMultipartUpload", _abort),
        transitions=tuple(map(_transition, found.all("Transition"))),
        noncurrent_transitions=tuple(
            map(_noncurrent_transition, found.all("NoncurrentVersionTransition"))
        ),
    )


def _allow_only(found: Element, names: Iterable[str]) -> None:
    if any(child.name not in names for child in found.children):
        raise _malformed()


def _new_id() -> str:
    """An id for a rule that came without one, of the form that S3 gives."""
    return base64.b64encode(str(uuid.uuid4()).encode()).decode()


def _optional(found: Element, name: str, read: Callable[[Element], Part]) -> Part | None:
    child = _once(found, name)
    return None if child is None else read(child)


def _once(found: Element, name: str) -> Element | None:
    children = list(found.all(name))
    if len(children) > 1:
        raise _malformed()
    return children[0] if children else None


def _filter(rule: Element) -> Filter:
    """A rule has either a filter, which may be empty, or a prefix of its own."""
    found, prefix = _once(rule, "Filter"), _once(rule, "Prefix")
    if (found is None) == (prefix is None):
        raise _malformed()
    if prefix is not None:
        return Filter(prefix=prefix.text, is_legacy=True)
    assert found is not None, "one of the two is there"
    if [child.name for child in found.children] == ["And"]:
        return _predicates(found.children[0], least=2)
    if len(found.children) > 1:
        raise _malformed()
    return _predicates(found, least=0)


def _predicates(found: Element, least: int) -> Filter:
    _allow_only(found, _PREDICATES)
    if len(found.children) < least:
        raise _malformed()
    tags = tuple(_tag(tag) for tag in found.all("Tag"))
    if len({name for name, _ in tags}) < len(tags):
        raise S3Error("InvalidRequest", "Duplicate Tag Keys are not allowed.")
    prefix = _once(found, "Prefix")
    return Filter(
        prefix=None if prefix is None else prefix.text,
        tags=tags,
        larger=_optional(found, "ObjectSizeGreaterThan", _number),
        smaller=_optional(found, "ObjectSizeLessThan", _number),
    )


def _tag(found: Element) -> tuple[str, str]:
    return found.need("Key"), found.get("Value") or ""


def _number(found: Element) -> int:
    text = found.text.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19):
        raise _malformed()
    return int(text)


def _date(found: Element) -> datetime:
    time = from_iso(found.text)
    if time is None or not 1 < time.year < 9999:  # so that any clock can show it
        raise _malformed()
    return time


def _truth(found: Element) -> bool:
    text = found.text.strip()
    if text not in ("true", "false"):
        raise _malformed()
    return text == "true"


def _expiration(found: Element) -> Expiration:
    """Exactly one of the three."""
    _allow_only(found, ("Days", "Date", "ExpiredObjectDeleteMarker"))
    if len(found.children) != 1:
        raise _malformed()
    return Expiration(
        days=_optional(found, "Days", _number),
        date=_optional(found, "Date", _date),
        marker=_optional(found, "ExpiredObjectDeleteMarker", _truth),
    )


def _noncurrent(found: Element) -> NoncurrentExpiration:
    days = _optional(found, "NoncurrentDays", _number)
    if days is None:
        raise _malformed()
    return NoncurrentExpiration(days, _optional(found, "NewerNoncurrentVersions", _number))


def _abort(found: Element) -> int:
    days = _optional(found, "DaysAfterInitiation", _number)
    if days is None:
        raise _malformed()
    return days


def _transition(found: Element) -> Transition:
    days, date = _optional(found, "Days", _number), _optional(found, "Date", _date)
    if (days is None) == (date is None):
        raise _malformed()
    return Transition(_class(found), days, date)


def _noncurrent_transition(found: Element) -> Transition:
    days = _optional(found, "NoncurrentDays", _number)
    if days is None:
        raise _malformed()
    keep = _optional(found, "NewerNoncurrentVersions", _number)
    return Transition(_class(found), days, keep=keep)


def _class(found: Element) -> str:
    name = found.need("StorageClass").strip()
    if name not in CLASSES:
        raise _malformed()
    return name


def to_xml(lifecycle: Lifecycle) -> bytes:
    """The answer to GetBucketLifecycleConfiguration."""
    return xml.render(_ROOT, [("Rule", _nodes(rule)) for rule in lifecycle.rules])


def _nodes(rule: Rule) -> list[Node]:
    return [
        ("ID", rule.id),
        _filter_node(rule.filter),
        ("Status", "Enabled" if rule.enabled else "Disabled"),
        ("Expiration", _shown(rule.expiration, _expiration_nodes)),
        *(("Transition", _transition_nodes(each)) for each in rule.transitions),
        ("NoncurrentVersionExpiration", _shown(rule.noncurrent, _noncurrent_nodes)),
        *(
            ("NoncurrentVersionTransition", _noncurrent_transition_nodes(each))
            for each in rule.noncurrent_transitions
        ),
        ("AbortIncompleteMultipartUpload", _shown(rule.abort, _abort_nodes)),
    ]


def _shown(found: Part | None, show: Callable[[Part], Content]) -> Content:
    return None if found is None else show(found)


def _abort_nodes(days: int) -> list[Node]:
    return [("DaysAfterInitiation", days)]


def _filter_node(filter: Filter) -> Node:
    if filter.is_legacy:
        return ("Prefix", filter.prefix)
    predicates: list[Node] = [] if filter.prefix is None else [("Prefix", filter.prefix)]
    predicates += [("Tag", [("Key", name), ("Value", value)]) for name, value in filter.tags]
    if filter.larger is not None:
        predicates.append(("ObjectSizeGreaterThan", filter.larger))
    if filter.smaller is not None:
        predicates.append(("ObjectSizeLessThan", filter.smaller))
    return ("Filter", predicates if len(predicates) < 2 else [("And", predicates)])


def _expiration_nodes(found: Expiration) -> list[Node]:
    return [
        ("Days", found.days),
        ("Date", _shown(found.date, to_iso)),
        ("ExpiredObjectDeleteMarker", found.marker),
    ]


def _transition_nodes(found: Transition) -> list[Node]:
    return [
        ("Days", found.days),
        ("Date", _shown(found.date, to_iso)),
        ("StorageClass", found.storage_class),
    ]


def _noncurrent_nodes(found: NoncurrentExpiration) -> list[Node]:
    return [("NoncurrentDays", found.days), ("NewerNoncurrentVersions", found.keep)]


def _noncurrent_transition_nodes(found: Transition) -> list[Node]:
    return [
        ("NoncurrentDays", found.days),
        ("NewerNoncurrentVersions", found.keep),
        ("StorageClass", found.storage_class),
    ]


def to_setting(lifecycle: Lifecycle) -> str:
    """As it is stored: the size, and the document after it."""
    return f"{lifecycle.minimum_size}\n{to_xml(lifecycle).decode()}"


@remembered
def from_setting(text: str) -> Lifecycle:
    """What `to_setting` wrote."""
    size, _, document = text.partition("\n")
    return from_xml(document.encode(), size)


def lifecycle_of(bucket: Bucket) -> Lifecycle | None:
    """The rules of a bucket; None where it has no configuration."""
    text = bucket.settings.get(SETTING)
    return None if text is None else from_setting(text)
