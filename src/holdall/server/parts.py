"""Objects read by the parts they were sent in (S3 GetObject and HeadObject, `partNumber`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from holdall.core.values import CompletedPart, Revision
from holdall.engine.made_of import completed_part
from holdall.s3 import checksums as wire
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.server.call import Call
from holdall.server.response import Headers

MOST: Final = 10_000
"""The highest number of a part (S3 multipart upload limits)."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The bytes of a part; `part` None for an object that did not come in parts.

    `span` is None where there are no bytes that a range could name.
    """

    span: tuple[int, int] | None
    part: CompletedPart | None


def number_of(text: str) -> int:
    """The number of a part. `InvalidArgument` unless it is 1 to 10,000."""
    number = natural(text)
    if number is not None and 1 <= number <= MOST:
        return number
    raise S3Error(
        "InvalidArgument",
        f"Part number must be an integer between 1 and {MOST}, inclusive",
        ArgumentName="partNumber",
        ArgumentValue=text,
    )


def marker(values: Mapping[str, str], name: str) -> int:
    """The number of the part after which a listing goes on, 0 for none. `InvalidArgument`."""
    text = values.get(name)
    if not text:
        return 0
    number = natural(text)
    if number is None or number >= 2**31:
        raise S3Error(
            "InvalidArgument",
            f"Argument {name} must be an integer between 0 and 2147483647",
            ArgumentName=name,
            ArgumentValue=text,
        )
    return number


async def choose(call: Call, revision: Revision, text: str) -> Chosen:
    """The part that was sent under that number; an object that did not come in parts is its
    own first. `InvalidPartNumber` for one that is not there."""
    number = number_of(text)
    if revision.parts == 0:
        if number > 1:
            raise _beyond(number, 1)
        return Chosen((0, revision.size) if revision.size else None, None)
    found = await completed_part(
        call.engine, call.bucket.id, revision.key, number, revision.version
    )
    if not found.parts:
        raise _beyond(number, revision.parts)
    part = found.parts[0]
    span = (part.start, part.start + part.size) if part.size else None
    return Chosen(span, part)


def _beyond(number: int, count: int) -> S3Error:
    return S3Error("InvalidPartNumber", ActualPartCount=str(count), PartNumberRequested=str(number))


def headers(revision: Revision) -> Headers:
    """How many parts there are, where it came in parts."""
    return [("x-amz-mp-parts-count", str(revision.parts))] if revision.parts else []


def checksum_headers(revision: Revision, part: CompletedPart | None) -> Headers:
    """The checksum of one part: only where that of the object is made of the parts'."""
    algorithm = revision.attributes.get("checksum", "")
    digest = part.checksums.get(algorithm) if part else None
    if digest is None or revision.attributes.get("checksum-type") != "COMPOSITE":
        return []
    return [
        (wire.header_name(algorithm), wire.encode(digest)),
        ("x-amz-checksum-type", "COMPOSITE"),
    ]
