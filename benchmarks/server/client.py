"""The client: a process of its own, which is given jobs by line and answers each with its figures.

Run as a program it is that process; `client` starts it.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvloop

from benchmarks.server.jobs import Address, Job, Run, order, read_order, read_result, result
from benchmarks.server.requests import Signer
from benchmarks.server.timed import connected
from benchmarks.server.works import WORKS


class Client:
    """The process, as seen by the one that started it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self, address: Address, job: Job) -> Run:
        """`RuntimeError` where an answer was not what it has to be."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(order(address, job))
        line = await stdout.readline()
        if not line:
            raise RuntimeError(f"the client gave up: {job.work} at {address.host}:{address.port}")
        return read_result(line)


@asynccontextmanager
async def client() -> AsyncIterator[Client]:
    program = (sys.executable, "-m", "benchmarks.server.client")
    process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE)
    try:
        yield Client(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _work(address: Address, job: Job) -> Run:
    async with connected(address, job.tasks) as timed:
        await WORKS[job.work](job, Signer(address, job.bucket), timed)
        return timed.run()


def _main() -> None:
    for line in sys.stdin.buffer:
        found = uvloop.run(_work(*read_order(line)))
        sys.stdout.buffer.write(result(found))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
