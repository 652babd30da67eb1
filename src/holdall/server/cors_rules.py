"""The cross-origin rules of a bucket, and the `CORSConfiguration` documents that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.s3.xml import Element, Node
from holdall.server.buckets import Bucket
from holdall.server.documents import remembered

SETTING: Final = "cors"
METHODS: Final = ("GET", "PUT", "HEAD", "POST", "DELETE")
MAX_RULES: Final = 100
MAX_ID: Final = 255
_ROOT: Final = "CORSConfiguration"
_REPEATED: Final = ("AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader")
_ONCE: Final = ("ID", "MaxAgeSeconds")


@dataclass(frozen=True, slots=True)
class Rule:
    """S3's CORSRule. `max_age` is in seconds; origins and headers hold one `*` at most."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    id: str | None = None

    def origin_for(self, origin: str) -> str | None:
        """The first of the rule's origins that covers this one."""
        return next((each for each in self.origins if _fits(each, origin)), None)

    def covers(self, origin: str, method: str, headers: Iterable[str]) -> bool:
        return (
            method in self.methods
            and self.origin_for(origin) is not None
            and all(self._allows(header) for header in headers)
        )

    def _allows(self, header: str) -> bool:
        return any(_fits(each.lower(), header) for each in self.headers)


def _fits(pattern: str, text: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def from_xml(body: bytes) -> tuple[Rule, ...]:
    """The rules of a PutBucketCors. `MalformedXML`, `InvalidRequest`, `InvalidArgument`."""
    root = xml.parse(body, _ROOT)
    if not 0 < len(root.children) <= MAX_RULES:
        raise S3Error("MalformedXML")
    return tuple(_rule(each) for each in root.children)


def _rule(found: Element) -> Rule:
    if found.name != "CORSRule" or any(
        child.name not in (*_REPEATED, *_ONCE) for child in found.children
    ):
        raise S3Error("MalformedXML")
    origins, methods, headers, exposed = (_texts(found, name) for name in _REPEATED)
    if not origins or not methods:
        raise S3Error("MalformedXML")
    _check_methods(methods)
    _check_wildcards("AllowedOrigin", origins)
    _check_wildcards("AllowedHeader", headers)
    _check_exposed(exposed)
    return Rule(origins, methods, headers, exposed, _max_age(found), _id(found))


def _texts(found: Element, name: str) -> tuple[str, ...]:
    return tuple(child.text.strip() for child in found.all(name))


def _check_methods(methods: Iterable[str]) -> None:
    for method in methods:
        if method not in METHODS:
            raise S3Error(
                "InvalidRequest",
                f"Found unsupported HTTP method in CORS config. Unsupported method is {method}",
            )


def _check_wildcards(name: str, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        if pattern.count("*") > 1:
            raise S3Error(
                "InvalidRequest", f'{name} "{pattern}" can not have more than one wildcard.'
            )


def _check_exposed(exposed: Iterable[str]) -> None:
    for header in exposed:
        if "*" in header:
            raise S3Error(
                "InvalidRequest", f'ExposeHeader "{header}" contains a wildcard, which it cannot.'
            )


def _max_age(found: Element) -> int | None:
    text = found.get("MaxAgeSeconds")
    if text is None:
        return None
    text = text.strip()
    if natural(text) is None or int(text) >= 2**31:
        raise S3Error("MalformedXML")
    return int(text)


def _id(found: Element) -> str | None:
    text = found.get("ID")
    if text is not None and len(text) > MAX_ID:
        raise S3Error(
            "InvalidArgument",
            f"ID length should not exceed allowed limit of {MAX_ID}",
            ArgumentName="ID",
            ArgumentValue=text,
        )
    return text


def to_xml(rules: Iterable[Rule]) -> bytes:
    """What `from_xml` reads: the answer to GetBucketCors, and the way rules are stored."""
    return xml.render(_ROOT, [("CORSRule", _nodes(rule)) for rule in rules])


def _nodes(rule: Rule) -> list[Node]:
    listed = zip(_REPEATED, (rule.origins, rule.methods, rule.headers, rule.exposed), strict=True)
    return [
        ("ID", rule.id),
        *((name, text) for name, texts in listed for text in texts),
        ("MaxAgeSeconds", rule.max_age),
    ]


def _stored(text: str) -> tuple[Rule, ...]:
    return from_xml(text.encode())


_read = remembered(_stored)


def rules_of(bucket: Bucket) -> tuple[Rule, ...]:
    """The rules of a bucket; none where it has no configuration."""
    text = bucket.settings.get(SETTING)
    return () if text is None else _read(text)
