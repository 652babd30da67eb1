from __future__ import annotations

import asyncio
import gzip
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from holdall.core.errors import InvalidArgument
from holdall.core.sources import CHUNK, chunks, in_memory

BIG = bytes(range(256)) * (2 * CHUNK // 256) + b"tail"


async def collect(source: Any) -> list[bytes]:
    return [chunk async for chunk in chunks(source)]


async def everything(source: Any) -> bytes:
    found = await collect(source)
    assert all(type(chunk) is bytes and chunk for chunk in found)
    return b"".join(found)


class Drip(io.RawIOBase):
    """A handle that gives three bytes at a time, and notes who reads and closes it."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)
        self.threads: set[int] = set()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.threads.add(threading.get_ident())
        data = self.inner.read(min(3, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


class AsyncDrip:
    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    async def read(self, size: int, /) -> bytes:
        return self.inner.read(min(size, 3))


class HiddenAsyncDrip(AsyncDrip):
    def read(self, size: int, /) -> Any:  # not a coroutine function, yet awaitable
        return AsyncDrip.read(self, size)


async def agen() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b""
    yield b"c"


def gen() -> Iterator[bytes]:
    yield b"ab"
    yield b""
    yield b"c"


async def coroutine_function() -> io.BytesIO:
    return io.BytesIO(b"abc")


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"abc",
        lambda: bytearray(b"abc"),
        lambda: memoryview(b"abc"),
        lambda: memoryview(b"a-b-c")[::2],
        lambda: io.BytesIO(b"abc"),
        lambda: Drip(b"abc"),
        lambda: AsyncDrip(b"abc"),
        lambda: HiddenAsyncDrip(b"abc"),
        lambda: io.BufferedReader(Drip(b"abc")),
        lambda: [b"a", b"", b"bc"],
        lambda: (bytearray(b"ab"), memoryview(b"c")),
        gen,
        agen,
        lambda: gen,
        lambda: agen,
        lambda: lambda: [b"abc"],
        lambda: lambda: io.BytesIO(b"abc"),
        lambda: coroutine_function,
    ],
)
async def test_every_kind_of_source_gives_its_bytes(make: Callable[[], Any]) -> None:
    assert await everything(make()) == b"abc"


@pytest.mark.parametrize(
    "make", [bytes, io.BytesIO, list, lambda: Drip(b""), lambda: AsyncDrip(b""), lambda: [b""]]
)
async def test_an_empty_source_has_no_chunks(make: Callable[[], Any]) -> None:
    assert await collect(make()) == []


async def test_paths_are_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(BIG)
    with os.scandir(tmp_path) as entries:
        entry = next(entries)
    for source in (path, str(path), entry):
        assert await everything(source) == BIG


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO])
async def test_memory_comes_in_bounded_chunks(wrap: Callable[[bytes], Any]) -> None:
    found = await collect(wrap(BIG))
    assert [len(chunk) for chunk in found] == [CHUNK, CHUNK, 4]
    assert b"".join(found) == BIG


async def test_a_short_read_is_not_the_end() -> None:
    assert await collect(Drip(b"0123456789")) == [b"012", b"345", b"678", b"9"]
    assert await collect(AsyncDrip(b"0123456789")) == [b"012", b"345", b"678", b"9"]


async def test_a_handle_is_read_from_where_it_stands_and_left_open() -> None:
    handle = io.BytesIO(b"0123456789")
    handle.seek(4)
    assert await everything(handle) == b"456789"
    assert not handle.closed


async def test_the_operating_system_s_word_on_a_path_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await collect(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        await collect(tmp_path)


async def test_a_buffer_that_is_filled_again_does_not_change_what_was_given() -> None:
    def refilling() -> Iterator[bytearray]:
        buffer = bytearray(b"aa")
        yield buffer
        buffer[:] = b"bb"
        yield buffer

    assert await collect(refilling()) == [b"aa", b"bb"]


# text handles


async def test_a_text_handle_gives_the_file_s_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a\r\n\xff\xfe\x00")
    with path.open() as handle:  # would fail to decode, and would change the line end
        assert await everything(handle) == b"a\r\n\xff\xfe\x00"
        assert not handle.closed


async def test_a_text_handle_that_was_read_continues_where_the_text_stands(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("éa\nb\n".encode() * 3000)
    with path.open(encoding="utf-8", newline="") as handle:
        assert handle.readline() == "éa\n"
        assert await everything(handle) == path.read_bytes()[4:]


async def test_a_text_handle_in_a_wrapper_is_unwrapped_too() -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as handle:
        handle.write("pending é")
        handle.seek(0)
        assert await everything(handle) == "pending é".encode()


async def test_a_text_handle_in_the_middle_of_an_iteration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("a\nb\n")
    with path.open() as handle:
        next(handle)
        with pytest.raises(InvalidArgument, match=r"pass its \.buffer"):
            await collect(handle)


async def test_a_text_handle_within_a_decoder_s_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"+AGEAYgBj-def")  # UTF-7: after "a" the place is within a base64 run
    with path.open(encoding="utf-7") as handle:
        assert handle.read(1) == "a"
        assert handle.tell() >= 1 << 63
        with pytest.raises(InvalidArgument, match=r"pass its \.buffer"):
            await collect(handle)


async def test_a_text_pipe_is_refused_and_its_buffer_is_not() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"abc")
    os.close(writing)
    with os.fdopen(reading, "r") as handle:
        with pytest.raises(InvalidArgument, match=r"pass its \.buffer"):
            await collect(handle)
        assert await everything(handle.buffer) == b"abc"


async def test_text_without_bytes_below_it_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="without bytes"):
        await collect(io.StringIO("abc"))


# refusals


@pytest.mark.parametrize("mode", ["wb", "w", "ab", "xb"])
async def test_a_handle_open_for_writing_is_refused_untouched(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "out"
    with path.open(mode) as handle:
        with pytest.raises(InvalidArgument, match="writing only"):
            await collect(handle)
        assert not handle.closed


async def test_a_compressor_is_refused(tmp_path: Path) -> None:
    handle = gzip.open(tmp_path / "out.gz", "wb")  # noqa: SIM115
    with handle, pytest.raises(InvalidArgument, match="writing only"):
        await collect(handle)


async def test_an_asynchronous_answer_to_readable_is_awaited() -> None:
    class Writer(AsyncDrip):
        async def readable(self) -> bool:
            return False

    with pytest.raises(InvalidArgument, match="writing only"):
        await collect(Writer(b"abc"))


async def test_a_closed_handle_is_refused() -> None:
    handle = io.BytesIO(b"abc")
    handle.close()
    with pytest.raises(InvalidArgument, match="closed"):
        await collect(handle)


@pytest.mark.parametrize("source", [None, 7, 1.5, object(), lambda: None, lambda: agen])
async def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(InvalidArgument, match="cannot store") as caught:
        await collect(source)
    assert caught.value.actual


@pytest.mark.parametrize("item", ["text", 7, None, [b"a"], io.BytesIO(b"a")])
async def test_an_item_that_is_not_bytes_is_refused(item: Any) -> None:
    async def asynchronous() -> AsyncIterator[Any]:
        yield b"good"
        yield item

    for source in ([b"good", item], iter([b"good", item]), asynchronous):
        stream = chunks(source)  # type: ignore[arg-type]
        assert await anext(stream) == b"good"
        with pytest.raises(InvalidArgument, match=type(item).__name__) as caught:
            await anext(stream)
        assert caught.value.actual == type(item).__name__


@pytest.mark.parametrize("answer", ["", "text", None])
async def test_a_reader_that_gives_no_bytes_is_refused(answer: Any) -> None:
    class Bad:
        def read(self, size: int, /) -> Any:
            return answer

    with pytest.raises(InvalidArgument, match=type(answer).__name__):
        await collect(Bad())


async def test_a_source_that_raises_raises_here() -> None:
    def breaking() -> Iterator[bytes]:
        yield b"a"
        raise ConnectionResetError("gone")

    stream = chunks(breaking)
    assert await anext(stream) == b"a"
    with pytest.raises(ConnectionResetError, match="gone"):
        await anext(stream)


async def test_a_reader_that_raises_stop_iteration_does_not_hang() -> None:
    class Bad:
        def read(self, size: int, /) -> bytes:
            return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(collect(Bad()), 30)


# closing


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
async def test_a_path_is_closed_when_the_stream_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(BIG)

    def is_open() -> bool:
        links = Path("/proc/self/fd").iterdir()
        return any(link.is_symlink() and os.path.realpath(link) == str(path) for link in links)

    async with aclosing(chunks(path)) as stream:
        await anext(stream)
        assert is_open()
    assert not is_open()


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_generator_made_for_us_is_closed_and_a_given_one_is_not(asynchronous: bool) -> None:
    closed: list[str] = []

    def made() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append("made")

    async def amade() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append("made")

    make: Any = amade if asynchronous else made
    given = make()
    for source, expected in ((given, []), (make, ["made"])):
        async with aclosing(chunks(source)) as stream:
            assert await anext(stream) == b"a"
        assert closed == expected
    await given.aclose() if asynchronous else given.close()


async def test_a_handle_that_a_function_returns_stays_open() -> None:
    handle = io.BytesIO(b"abc")
    assert await everything(lambda: handle) == b"abc"
    assert not handle.closed


class Gate:
    """A reader that stays in its `read` until the gate is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.left = False

    def read(self, size: int, /) -> bytes:
        self.entered.set()
        assert self.gate.wait(30)
        self.left = True
        return b"late"


async def test_cancelling_waits_for_the_read_under_way() -> None:
    reader = Gate()
    task = asyncio.create_task(collect(reader))
    assert await asyncio.to_thread(reader.entered.wait, 30)
    task.cancel()
    for _ in range(20):  # turns of the loop, far more than a cancellation takes
        await asyncio.sleep(0)
    assert not task.done()
    reader.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reader.left


# threads


async def test_blocking_reads_leave_the_event_loop_free() -> None:
    handle = Drip(b"abcdef")
    assert await everything(handle) == b"abcdef"
    assert threading.get_ident() not in handle.threads

    threads: set[int] = set()

    def noting() -> Iterator[bytes]:
        threads.add(threading.get_ident())
        yield b"a"

    await collect(noting())
    assert threading.get_ident() not in threads


async def test_memory_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a thread was asked for")

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)
    for source in (BIG, bytearray(BIG), io.BytesIO(BIG)):
        assert await everything(source) == BIG


# bytes in memory


def test_few_bytes_in_memory_are_taken_at_once() -> None:
    data = b"abc"
    assert in_memory(data, 3) is data
    assert in_memory(bytearray(b"abc"), 3) == b"abc"
    assert in_memory(memoryview(b"a-b-c")[::2], 3) == b"abc"
    for source in (data, bytearray(data), memoryview(b"12345678").cast("I")):
        assert in_memory(source, 2) is None
    for source in ("path", Path("path"), io.BytesIO(b"abc"), [b"abc"], agen):
        assert in_memory(source, 3) is None
