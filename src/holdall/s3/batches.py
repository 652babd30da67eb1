"""Many small S3 requests in one HTTP request, and their answers in its answer.

An extension that servers of ours understand. Each part is a line of JSON, which says among
other things how many bytes of `size` follow the line, and then these bytes:

    {"method": "PUT", "path": "/box/a.txt", "query": "", "headers": {…}, "size": 5}
    hello{"method": "GET", …, "size": 0}

An answer has `status` and `headers`, and the answers come in the order of the requests.
Paths and queries are escaped as in HTTP; headers go by lower-case name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

PATH: Final = "/api/v1/batch"
MEDIA_TYPE: Final = "application/vnd.holdall.batch"
MOST: Final = 64
"""Requests in one batch."""
LONGEST: Final = 32 * 1024
"""Bytes of an object that travels in a batch, either way."""
LINE: Final = 16 * 1024
"""Bytes of a part's line, with its end."""
LARGEST: Final = MOST * (LINE + LONGEST)
"""Bytes of a batch."""


class Part(NamedTuple):
    """`said` is the line, `content` the bytes that follow it."""

    said: Mapping[str, Any]
    content: bytes


def packed(part: Part) -> bytes:
    """One part of a batch, which is its parts one after the other. `size` is added to what it
    says. `ValueError` for one whose line would be too long."""
    line = json.dumps({**part.said, "size": len(part.content)}).encode()
    if len(line) >= LINE:
        raise ValueError("more is said of a part than goes into a line")
    return b"".join((line, b"\n", part.content))


def unpack(batch: bytes) -> list[Part]:
    """The parts. ValueError for what is no batch, or has more than `MOST`."""
    parts = list(islice(_parts(batch), MOST + 1))
    if len(parts) > MOST:
        raise ValueError(f"more than {MOST} parts")
    return parts


def _parts(batch: bytes) -> Iterator[Part]:
    at = 0
    while at < len(batch):
        end = batch.find(b"\n", at, at + LINE)
        if end < 0:
            raise ValueError("a part has no line, or one that is too long")
        said = json.loads(batch[at:end])
        at = end + 1 + _size(said)
        if at > len(batch):
            raise ValueError("the last part is cut off")
        yield Part(said, batch[end + 1 : at])


def _size(said: object) -> int:
    size = said.get("size") if isinstance(said, dict) else None
    if type(size) is not int or size < 0:  # True is an int, too
        raise ValueError("a part does not say its size")
    return size
