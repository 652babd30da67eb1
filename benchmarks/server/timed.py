"""Several connections to one server, and a clock that runs while they are used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter

from benchmarks.measure import by_tasks
from benchmarks.server.connection import Answer, Connection
from benchmarks.server.jobs import Address, Run
from benchmarks.server.requests import Request


class Timed:
    """Sends requests; what is sent within `clock` counts."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._free = list(connections)
        self._latencies: list[float] = []
        self._seconds = 0.0

    async def ask(self, request: Request) -> Answer:
        connection = self._free.pop()
        start = perf_counter()
        answer = await connection.ask(request)
        self._latencies.append(perf_counter() - start)
        self._free.append(connection)
        return answer

    async def all(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers in the order of the requests; as many at once as there are connections."""
        answers: list[Answer | None] = [None] * len(requests)

        async def take(number: int) -> None:
            answers[number] = await self.ask(requests[number])

        await by_tasks(range(len(requests)), take, len(self._free))
        return [answer for answer in answers if answer is not None]

    @contextmanager
    def clock(self) -> Iterator[None]:
        self._latencies.clear()
        start = perf_counter()
        yield
        self._seconds = perf_counter() - start

    def run(self) -> Run:
        found = sorted(self._latencies)
        median, slow = found[len(found) // 2], found[len(found) * 99 // 100]
        return Run(self._seconds, len(found), 1000 * median, 1000 * slow)


@asynccontextmanager
async def connected(address: Address, tasks: int) -> AsyncIterator[Timed]:
    connections = [Connection(address) for _ in range(tasks)]
    try:
        await asyncio.gather(*(each.connect() for each in connections))
        yield Timed(connections)
    finally:
        for each in connections:
            each.close()
