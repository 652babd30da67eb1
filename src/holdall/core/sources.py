"""What may be stored, turned into one stream of chunks.

The one module of the core that does I/O: it reads what it is handed, and opens a path.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from typing import IO, Any, Final, Protocol, Self, TypeAlias

from holdall.core.errors import InvalidArgument

CHUNK: Final = 1024 * 1024
"""Bytes asked for at once from memory, handles and paths."""


class Reader(Protocol):
    """Something whose `read` gives up to so many bytes, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


class AsyncReader(Protocol):
    """The same, awaited."""

    async def read(self, size: int, /) -> bytes: ...


Memory: TypeAlias = bytes | bytearray | memoryview
Stream: TypeAlias = Reader | AsyncReader | IO[str] | Iterable[bytes] | AsyncIterable[bytes]
Content: TypeAlias = Memory | str | os.PathLike[str] | Stream
Source: TypeAlias = Content | Callable[[], Content] | Callable[[], Awaitable[Content]]
"""Bytes, a path, a handle, a sync or async reader or iterable of bytes, or a function
without arguments that returns one of these. A `str` is a path."""

_Pull: TypeAlias = Callable[[], Awaitable[bytes | None]]
_MEMORY: Final = (bytes, bytearray, memoryview)
_PLAIN_COOKIE: Final = 1 << 63  # above it, a text handle's `tell` holds a decoder's state
_END: Final = object()
_UNPLACED: Final = "where this text handle stands among its bytes is unknown; pass its .buffer"


async def chunks(source: Source) -> AsyncIterator[bytes]:
    """The bytes of `source` in non-empty chunks; a short read is not its end.

    Raises `InvalidArgument` for what is no source, before anything is read: a handle that
    is closed or open for writing only, a text handle without bytes below it. Raises it
    too for an item that is not bytes. What the source itself raises passes through.

    Closes what it opened, a path or a generator made by a function it was given, also when
    it is closed early (`contextlib.aclosing`); never what it was handed. Reads that may
    block run in a thread, and are waited for when the caller is cancelled.
    """
    async with AsyncExitStack() as stack:
        pull = await _open(source, stack)
        while (chunk := await pull()) is not None:
            if chunk:
                yield chunk


def in_memory(source: Source, limit: int) -> bytes | None:
    """The bytes at once when they are in memory already and at most `limit`, else None."""
    if isinstance(source, bytes):
        return source if len(source) <= limit else None
    if isinstance(source, _MEMORY) and memoryview(source).nbytes <= limit:
        return bytes(source)
    return None


async def _open(source: object, stack: AsyncExitStack) -> _Pull:
    """A function that gives the next chunk, perhaps an empty one, and None at the end."""
    if callable(source) and not _is_stream(source):
        source = await _made(source, stack)
    if isinstance(source, _MEMORY):
        return _stepping(_slices(source), _at_once)
    if isinstance(source, (str, os.PathLike)):
        return _reading(stack.enter_context(_PathReader(source)), _in_thread)
    if hasattr(source, "read"):
        return await _open_handle(source)
    if isinstance(source, AsyncIterable):
        return _awaiting(aiter(source))
    if isinstance(source, Iterable):
        return _stepping(iter(source), _in_thread)
    kind = type(source).__name__
    raise InvalidArgument(f"cannot store {kind}: no bytes, path, reader or iterable", actual=kind)


def _is_stream(source: object) -> bool:
    return hasattr(source, "read") or isinstance(source, (AsyncIterable, Iterable))


async def _made(make: Callable[[], object], stack: AsyncExitStack) -> object:
    """What the function returns; a generator is then ours to close, a handle is not."""
    made = make()
    if inspect.isawaitable(made):
        made = await made
    if inspect.isasyncgen(made):
        stack.push_async_callback(made.aclose)
    elif inspect.isgenerator(made):
        stack.callback(made.close)
    return made


async def _open_handle(handle: Any) -> _Pull:
    await _check_readable(handle)
    if inspect.iscoroutinefunction(handle.read):
        return _reading(handle, _at_once)
    if isinstance(handle, io.TextIOBase) or hasattr(handle, "encoding"):
        handle = await _in_thread(_unwrap_text, handle)
    return _reading(handle, _at_once if isinstance(handle, io.BytesIO) else _in_thread)


async def _check_readable(handle: Any) -> None:
    if getattr(handle, "closed", False) is True:
        raise InvalidArgument("the handle is closed", actual=repr(handle))
    readable = getattr(handle, "readable", None)
    answer = readable() if callable(readable) else True
    if inspect.isawaitable(answer):
        answer = await answer
    if answer is False:
        raise InvalidArgument("the handle is open for writing only", actual=repr(handle))


def _unwrap_text(handle: Any) -> Any:
    """The binary buffer of a text handle, put where the text stands.

    The buffer alone is ahead of the text by what was decoded and not read. Where the
    place cannot be known exactly we refuse, rather than lose bytes.
    """
    buffer = getattr(handle, "buffer", None)
    if buffer is None:
        raise InvalidArgument("a text handle without bytes below it", actual=repr(handle))
    try:
        place = handle.tell()
    except OSError as error:
        raise InvalidArgument(f"{_UNPLACED}: {error}", actual=repr(handle)) from error
    if place >= _PLAIN_COOKIE:
        raise InvalidArgument(_UNPLACED, actual=repr(handle))
    buffer.seek(place)
    return buffer


class _PathReader:
    """A file that is opened by its first read, in whichever thread that runs."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._file: io.FileIO | None = None

    def read(self, size: int, /) -> bytes | None:
        if self._file is None:
            self._file = io.FileIO(self._path, "rb")
        return self._file.read(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _reading(reader: Any, call: Callable[..., Awaitable[object]]) -> _Pull:
    async def pull() -> bytes | None:
        return _checked(await call(reader.read, CHUNK)) or None

    return pull


def _stepping(items: Iterator[object], call: Callable[..., Awaitable[object]]) -> _Pull:
    async def pull() -> bytes | None:
        item = await call(next, items, _END)
        return None if item is _END else _checked(item)

    return pull


def _awaiting(items: AsyncIterator[object]) -> _Pull:
    async def pull() -> bytes | None:
        item = await anext(items, _END)
        return None if item is _END else _checked(item)

    return pull


def _checked(item: object) -> bytes:
    # A memoryview or a bytearray may be filled again by its maker: copied.
    if isinstance(item, _MEMORY):
        return bytes(item)
    kind = type(item).__name__
    raise InvalidArgument(f"a source gives bytes, this one gave {kind}", actual=kind)


def _slices(memory: Memory) -> Iterator[bytes]:
    if isinstance(memory, bytes) and len(memory) <= CHUNK:
        return iter((memory,))
    view = memoryview(memory)
    flat = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
    return (bytes(flat[at : at + CHUNK]) for at in range(0, len(flat), CHUNK))


async def _at_once(call: Callable[..., Any], *args: object) -> Any:
    return await _settled(call(*args))


async def _in_thread(call: Callable[..., Any], *args: object) -> Any:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    # A future, not the task that `asyncio.to_thread` needs: a loop that shuts down cancels
    # its tasks, and nobody would wait for the thread.
    running = loop.run_in_executor(None, context.run, _sealed, call, *args)
    try:
        return await _settled(await asyncio.shield(running))
    except asyncio.CancelledError:
        # The thread still uses what our caller is about to close.
        await asyncio.wait([running])
        running.exception()  # seen, and of no interest any more
        raise


def _sealed(call: Callable[..., Any], *args: object) -> Any:
    try:
        return call(*args)
    except StopIteration as error:  # a future cannot carry one: its waiter would hang
        raise RuntimeError("a source raised StopIteration outside __next__") from error


async def _settled(result: Any) -> Any:
    """A reader may return an awaitable without being a coroutine function."""
    return await result if inspect.isawaitable(result) else result
