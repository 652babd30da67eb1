"""Bytes through pipes, terminals and devices, without keeping Ctrl-C waiting."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Final, TypeVar

from holdall.cli.places import Local, Standard

T = TypeVar("T")

_BATCH: Final = 1024 * 1024


async def read_stream(source: Local | Standard) -> AsyncGenerator[bytes, None]:
    """Everything until the end of standard input, a pipe or a device."""
    descriptor = await _opened(source, os.O_RDONLY)
    try:
        while batch := await _patiently(lambda: _fill(descriptor)):
            yield batch
    finally:
        _close(source, descriptor)


class StreamWriter:
    """Standard output, a pipe or a device, written to where it stands. An async context."""

    def __init__(self, target: Local | Standard) -> None:
        self._target = target
        self._descriptor = -1

    async def __aenter__(self) -> StreamWriter:
        self._descriptor = await _opened(self._target, os.O_WRONLY)
        return self

    async def __aexit__(self, *_: object) -> None:
        _close(self._target, self._descriptor)

    async def write(self, data: bytes) -> None:
        """Write all of `data`; BrokenPipeError when nobody reads any more."""
        await _patiently(lambda: _write_all(self._descriptor, data))


async def _opened(where: Local | Standard, flags: int) -> int:
    if isinstance(where, Local):
        # Opening a named pipe waits for its other end.
        return await _patiently(lambda: os.open(where.path, flags))
    stream = sys.stdin if flags == os.O_RDONLY else sys.stdout
    if stream is sys.stdout:
        stream.flush()
    return stream.fileno()


def _close(where: Local | Standard, descriptor: int) -> None:
    if isinstance(where, Local):
        os.close(descriptor)


def _fill(descriptor: int) -> bytes:
    """Up to a batch, less only at the end. A pipe gives 64 KiB at a time at most."""
    held = bytearray()
    while len(held) < _BATCH:
        data = os.read(descriptor, _BATCH - len(held))
        if not data:
            break
        held += data
    return bytes(held)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


async def _patiently(work: Callable[[], T]) -> T:
    """Do `work`, which may block for ever, in a thread that is simply left when cancelled.

    A pool's thread would be waited for when the loop ends, and Python would not exit.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def work_and_tell() -> None:
        try:
            result = work()
        except BaseException as error:
            _tell(loop, done, partial(done.set_exception, error))
        else:
            _tell(loop, done, partial(done.set_result, result))

    Thread(target=work_and_tell, daemon=True).start()
    return await done


def _tell(
    loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], settle: Callable[[], None]
) -> None:
    with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
        loop.call_soon_threadsafe(lambda: None if done.done() else settle())
