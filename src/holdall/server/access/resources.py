"""The `Resource` and `NotResource` of a statement: buckets and objects by their ARNs."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from holdall.server.access.context import Context
from holdall.server.access.documents import malformed, texts
from holdall.server.access.templates import Template, template
from holdall.server.access.wildcards import matches, matches_any, reaches

PREFIX: Final = "arn:aws:s3:::"

_ARN: Final = re.compile(r"arn:(?:aws[a-z-]*|\*):s3:\*?:\*?:(.+)", re.DOTALL)
_ANY_ARN: Final = re.compile(r"(?:[^:]*:){5}.*", re.DOTALL)
_INVALID: Final = "Policy has invalid resource"


def arn(bucket: str, key: str | None = None) -> str:
    """The name of a bucket or of an object in it. Partitions are all one here."""
    return PREFIX + bucket if key is None else f"{PREFIX}{bucket}/{key}"


class Kinds(NamedTuple):
    """Of which kinds of resource of one bucket something speaks."""

    bucket: bool
    objects: bool


class Resources(NamedTuple):
    """`inverted` is `NotResource`: all but those listed."""

    listed: tuple[Template, ...]
    inverted: bool

    def name(self, resource: str, context: Context) -> bool:
        filled = (each.fill(context) for each in self.listed)
        return matches_any((each for each in filled if each), resource) != self.inverted

    def kinds(self, bucket: str) -> Kinds:
        if self.inverted:
            return Kinds(bucket=True, objects=True)
        every = [_kinds(each, bucket) for each in self.listed]
        return Kinds(any(kinds.bucket for kinds in every), any(kinds.objects for kinds in every))


def parse(found: object, *, inverted: bool, bucket: str | None, variables: bool) -> Resources:
    """A text or a list. Each must be able to name `bucket` or what is in it; None stands for
    any bucket, and for other services too. `MalformedPolicy`."""
    listed = tuple(
        template(_text(each, bucket), variables=variables, wildcards=True)
        for each in texts(found, _INVALID)
    )
    if bucket is not None and not all(any(_kinds(each, bucket)) for each in listed):
        raise malformed(_INVALID)
    return Resources(listed, inverted)


def _text(text: str, bucket: str | None) -> str:
    if text == "*":
        return text
    match = _ARN.fullmatch(text)
    if match is not None:
        return PREFIX + match[1]
    if bucket is None and _ANY_ARN.fullmatch(text):
        return text  # of another service: it names nothing that is asked for here
    raise malformed(_INVALID)


def _kinds(found: Template, bucket: str) -> Kinds:
    widest = found.widest()
    return Kinds(matches(widest, arn(bucket)), reaches(widest, arn(bucket, "")))
