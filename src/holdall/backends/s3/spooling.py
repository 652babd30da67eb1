"""A source taken in whole before it is sent: S3 wants to know the length of a part first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

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
    """A source in memory, above `PART` bytes in a file that nobody else can see.

    `ChecksumMismatch` where a digest that was announced differs.
    """
    digesters = {name: digester(name) for name in checksums}
    with ExitStack() as stack:
        spool = _Spool(stack)
        async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                await updated(digesters, chunk)
                await spool.write(chunk)
        yield Taken(spool.body(), verified(digesters, checksums))


async def updated(digesters: Mapping[str, Digester], chunk: bytes) -> None:
    if digesters:
        await asyncio.gather(*(asyncio.to_thread(d.update, chunk) for d in digesters.values()))


class _Spool:
    """Chunks as they came, which are never joined. `stack` closes the file, if there is one."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._held = list[bytes]()
        self._size = 0
        self._file: IO[bytes] | None = None

    async def write(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size > PART:
            if self._file is None:
                made = TemporaryFile(buffering=0)  # noqa: SIM115  # the stack closes it
                self._file = self._stack.enter_context(made)
            held, self._held = self._held, []
            await asyncio.to_thread(_write, self._file, held)

    def body(self) -> Body:
        if self._file is None:
            return Body.of(*self._held)
        return Body.file(self._file.fileno(), self._size)


def _write(file: IO[bytes], held: list[bytes]) -> None:
    for chunk in held:
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]
