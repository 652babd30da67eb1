"""A source taken in whole before it is sent: S3 wants to know the length of a part first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from holdall.core.checksums import Digester, digester, verified
from holdall.core.sources import Source, chunks
from holdall.s3.client import Body
from holdall.s3.client.parts import PART


@dataclass(frozen=True, slots=True)
class Taken:
    """What can be sent, again if need be, and the checksums that were asked for."""

    body: Body
    checksums: Mapping[str, bytes]


@asynccontextmanager
async def taken(source: Source, checksums: Mapping[str, bytes | None]) -> AsyncIterator[Taken]:
    """A source in memory, from `PART` bytes on in a file that nobody else can see.

    `ChecksumMismatch` where a digest that was announced differs.
    """
    digesters = {name: digester(name) for name in checksums}
    with SpooledTemporaryFile(max_size=PART) as file:
        async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                await updated(digesters, chunk)
                await asyncio.to_thread(file.write, chunk)
        yield Taken(_body(file), verified(digesters, checksums))


async def updated(digesters: Mapping[str, Digester], chunk: bytes) -> None:
    await asyncio.gather(*(asyncio.to_thread(d.update, chunk) for d in digesters.values()))


def _body(file: SpooledTemporaryFile[bytes]) -> Body:
    size = file.tell()
    if size > PART:
        file.flush()
        return Body.file(file.fileno(), size)
    file.seek(0)
    return Body.of(file.read())
