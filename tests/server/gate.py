"""A way to a server that can be closed for what names a certain path, from another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Gate:
    """Passes on what comes, and counts requests. While it is `shut`, one whose head holds that
    text waits; `reached` tells that one does."""

    def __init__(self, endpoint: str) -> None:
        self._host, self._port = urlsplit(endpoint).hostname, urlsplit(endpoint).port
        self._loop = asyncio.new_event_loop()
        self.heads: list[bytes] = []
        self.shut: bytes | None = None
        self.reached = threading.Event()
        self._opened = asyncio.Event()
        self.endpoint = ""

    def open(self) -> None:
        self.shut = None
        self._loop.call_soon_threadsafe(self._opened.set)

    def asked(self, text: bytes) -> int:
        return sum(text in head for head in self.heads)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(_copied(there, writer))
        try:
            while data := await reader.read(65536):
                await self._admit(data.split(b"\r\n", 1)[0])
                away.write(data)
                await away.drain()
        except (OSError, asyncio.CancelledError):
            pass  # one of them hung up, or it is over: nobody waits for this
        finally:
            back.cancel()
            for each in (away, writer):
                each.transport.abort()  # not `close`, which waits for who reads no more

    async def _admit(self, head: bytes) -> None:
        if b"HTTP/1.1" in head:
            self.heads.append(head)
        if self.shut is not None and self.shut in head:
            self.reached.set()
            await self._opened.wait()

    def _run(self, started: threading.Event, ended: asyncio.Event) -> None:
        async def serve() -> None:
            server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
            self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()
            await ended.wait()
            server.close()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await asyncio.sleep(0)  # in which transports close
            await asyncio.sleep(0)

        self._loop.run_until_complete(serve())
        self._loop.close()

    @contextmanager
    def standing(self) -> Iterator[Gate]:
        started, ended = threading.Event(), asyncio.Event()
        thread = threading.Thread(target=self._run, args=(started, ended))
        thread.start()
        assert started.wait(10)
        try:
            yield self
        finally:
            self.open()
            self._loop.call_soon_threadsafe(ended.set)
            thread.join(10)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
