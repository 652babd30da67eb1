"""What the three listings of S3 have in common: their parameters and their rendering."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote

from holdall.core.values import CommonPrefix, Revision, Summary
from holdall.engine.list import list_summaries
from holdall.s3.errors import S3Error
from holdall.s3.times import iso_of, to_iso
from holdall.s3.xml import Markup, Node, escaped, fragment
from holdall.server.call import Call
from holdall.server.shown_checksums import Kind, kind_of, shown

Owner = Callable[[Mapping[str, str]], str]
"""The element that tells whose an object is, by its attributes; empty where nobody asks."""

MOST = 1000
_NUMBER = re.compile("-?[0-9]{1,20}")


def count(query: Mapping[str, str], name: str = "max-keys") -> int:
    """How many entries are wanted: 0 to 1000, and 1000 for more."""
    text = query.get(name)
    if not text:
        return MOST
    if not _NUMBER.fullmatch(text):
        raise S3Error(
            "InvalidArgument",
            f"Provided {name} not an integer or within integer range",
            ArgumentName=name,
            ArgumentValue=text,
        )
    if int(text) < 0 or int(text) > 2**31 - 1:
        raise S3Error(
            "InvalidArgument",
            f"Argument {name} must be an integer between 0 and 2147483647",
            ArgumentName=name,
            ArgumentValue=text,
        )
    return min(int(text), MOST)


class Spelling:
    """How keys are written: as they are, or percent-encoded when the caller asks for it."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.encoding = query.get("encoding-type")
        if self.encoding not in (None, "url"):
            raise S3Error(
                "InvalidArgument",
                "Invalid Encoding Method specified in Request",
                ArgumentName="encoding-type",
                ArgumentValue=str(self.encoding),
            )

    def __call__(self, text: str) -> str:
        return quote(text, safe="/*-._~") if self.encoding else text

    def optional(self, text: str | None) -> str | None:
        """None for what is absent or empty, which is left out."""
        return self(text) if text else None


def described(revision: Revision) -> tuple[Node, ...]:
    """What every listing says of an object after its key."""
    checksum = shown(revision)
    return (
        ("LastModified", to_iso(revision.created_at)),
        ("ETag", f'"{revision.etag}"'),
        ("ChecksumAlgorithm", checksum and checksum.algorithm.upper()),
        ("ChecksumType", checksum and checksum.type),
        ("Size", revision.size),
    )


def owner(canonical_id: str, display_name: str) -> tuple[Node, ...]:
    return (("ID", canonical_id), ("DisplayName", display_name))


async def page(
    call: Call, prefix: str, delimiter: str, after: str, limit: int
) -> tuple[Sequence[Summary | CommonPrefix], str | None]:
    """A page of current objects, and what continues it."""
    if limit == 0:
        return (), None
    return await list_summaries(call.engine, call.bucket.id, prefix, delimiter, after, limit)


def contents(entries: Sequence[Summary | CommonPrefix], spell: Spelling, owner: Owner) -> Markup:
    """The objects of a page and after them its common prefixes, as XML. Without nodes: they
    were three quarters of what a listing costs."""
    objects = (_object(entry, spell, owner) for entry in entries if isinstance(entry, Summary))
    prefixes = (_prefix(entry, spell) for entry in entries if isinstance(entry, CommonPrefix))
    return Markup("".join((*objects, *prefixes)))


def _object(entry: Summary, spell: Spelling, owner: Owner) -> str:
    return (
        f"<Contents><Key>{escaped(spell(entry.key))}</Key>"
        f"<LastModified>{iso_of(entry.second)}</LastModified>"
        f"<ETag>&quot;{entry.etag}&quot;</ETag>{_checksum(entry)}"
        f"<Size>{entry.size}</Size>{owner(entry.attributes)}"
        f"<StorageClass>{entry.attributes.get('storage-class', 'STANDARD')}</StorageClass>"
        "</Contents>"
    )


def _checksum(entry: Summary) -> str:
    kind = kind_of(entry.attributes, entry.checksums)
    return "" if kind is None else _kind(kind)


@lru_cache
def _kind(kind: Kind) -> Markup:
    algorithm = fragment("ChecksumAlgorithm", kind.algorithm.upper())
    return Markup(algorithm + fragment("ChecksumType", kind.type))


def _prefix(entry: CommonPrefix, spell: Spelling) -> str:
    return f"<CommonPrefixes><Prefix>{escaped(spell(entry.prefix))}</Prefix></CommonPrefixes>"
