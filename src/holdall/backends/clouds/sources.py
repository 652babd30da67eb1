"""A source on its way into a blob, its checksums computed and demanded on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import NamedTuple, Protocol

from holdall.core.checksums import Digester, digester, verified
from holdall.core.content_types import guess_content_type
from holdall.core.sources import Source, chunks
from holdall.core.values import PutOptions

_HEAD = 4096
"""First bytes by which a content type is guessed."""


class Sink(Protocol):
    """Takes chunks."""

    async def write(self, chunk: bytes) -> None: ...


class Poured(NamedTuple):
    """What came of a source: its content type, as said or guessed, and its checksums."""

    content_type: str
    checksums: Mapping[str, bytes]


async def pour(key: str, source: Source, options: PutOptions, sink: Sink) -> Poured:
    """Everything into the sink. `ChecksumMismatch` where a digest announced is another one."""
    digesters = {name: digester(name) for name in options.checksums}
    head = b""
    async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            if len(head) < _HEAD:
                head += chunk[:_HEAD]
            await _update(digesters, chunk)
            await sink.write(chunk)
    said = options.content_type or guess_content_type(key, head)
    return Poured(said, verified(digesters, options.checksums))


async def _update(digesters: Mapping[str, Digester], chunk: bytes) -> None:
    await asyncio.gather(*(asyncio.to_thread(d.update, chunk) for d in digesters.values()))
