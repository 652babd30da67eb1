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
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

PATH: Final = "/api/v1/batch"
MEDIA_TYPE: Final = "application/vnd.holdall.batch"
MOST: Final = 64
"""Requests in one batch."""
LONGEST: Final = 32 * 1024
"""Bytes of an object that travels in a batch, either way."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a batch: its contents at their longest, and as much again for what is said of them."""


class Part(NamedTuple):
    """`said` is the line, `content` the bytes that follow it."""

    said: Mapping[str, Any]
    content: bytes


def pack(parts: Iterable[Part]) -> bytes:
    """The bytes of a batch; each part's `size` is added to what it says."""
    held = list[bytes]()
    for said, content in parts:
        held += (json.dumps({**said, "size": len(content)}).encode(), b"\n", content)
    return b"".join(held)


def unpack(batch: bytes) -> list[Part]:
    """The parts. ValueError for what is no batch."""
    return list(_parts(batch))


def _parts(batch: bytes) -> Iterator[Part]:
    at = 0
    while at < len(batch):
        end = batch.find(b"\n", at)
        if end < 0:
            raise ValueError("a part has no line")
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
