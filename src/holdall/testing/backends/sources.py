"""Everything that may be stored, and what fails on the way: then nothing is."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import ChecksumMismatch, InvalidArgument
from holdall.core.sources import Source
from holdall.core.values import PutOptions, Usage
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names

BOTH = pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
EVERY = ("md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme")
STEP = 100_000


class HalfWay(Exception):
    """What a broken source raises."""


class _ShortReader:
    """Gives less than it is asked for; only nothing is the end."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._rest.read(min(size, 70_001))


class _AsyncReader(_ShortReader):
    async def read(self, size: int, /) -> bytes:  # type: ignore[override]
        return super().read(size)


class _BrokenReader(_ShortReader):
    def read(self, size: int, /) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise HalfWay
        return chunk


def _steps(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), STEP):
        yield data[at : at + STEP]


async def _async_steps(data: bytes) -> AsyncIterator[bytes]:
    for step in _steps(data):
        yield step
        yield b""  # which is not the end


def _broken(data: bytes) -> Iterator[bytes]:
    yield data
    raise HalfWay


async def _async_broken(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise HalfWay


def _texts(data: bytes) -> list[object]:
    return [data, "text"]


async def _async_texts(data: bytes) -> AsyncIterator[object]:
    for item in _texts(data):
        yield item


GOOD: dict[str, Callable[[bytes], Source]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "BytesIO": io.BytesIO,
    "short reader": _ShortReader,
    "async reader": _AsyncReader,
    "iterator": _steps,
    "list": lambda data: list(_steps(data)),
    "async iterator": _async_steps,
    "function": lambda data: lambda: _steps(data),
    "async function": lambda data: lambda: _async_steps(data),
}
BAD: dict[str, tuple[Callable[[bytes], object], type[Exception]]] = {
    "iterator": (_broken, HalfWay),
    "async iterator": (_async_broken, HalfWay),
    "reader": (_BrokenReader, HalfWay),
    "texts": (_texts, InvalidArgument),
    "async texts": (_async_texts, InvalidArgument),
    "number": (len, InvalidArgument),
    "missing path": (lambda data: Path("/no/such/file"), FileNotFoundError),
}


class SourceTests(BoxTests):
    @BOTH
    async def test_each_kind_of_source(self, box: Backend, data: bytes) -> None:
        for name, make in GOOD.items():
            stored = await box.put("box", "k", make(data))
            assert stored.size == len(data), name
            assert await fetch(box, "k") == data, name

    @BOTH
    async def test_files(self, box: Backend, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "file"
        path.write_bytes(data)
        for source in (path, str(path)):
            await box.put("box", "k", source)
            assert await fetch(box, "k") == data
        with path.open("rb") as binary:
            binary.seek(3)
            await box.put("box", "k", binary)
            assert not binary.closed, "whoever opened it closes it"
        assert await fetch(box, "k") == data[3:]
        with path.open(encoding="latin-1") as text:
            await box.put("box", "k", text)
        assert await fetch(box, "k") == data, "a text handle gives the bytes below it"

    async def test_a_handle_that_cannot_be_read(self, box: Backend, tmp_path: Path) -> None:
        with (tmp_path / "file").open("wb") as handle, pytest.raises(InvalidArgument):
            await box.put("box", "k", handle)
        with pytest.raises(InvalidArgument):
            await box.put("box", "k", handle)
        assert await names(box) == []

    @BOTH
    async def test_a_source_that_fails_stores_nothing(self, box: Backend, data: bytes) -> None:
        await box.put("box", "kept", data)
        before = await box.usage("box")
        for name, (make, error) in BAD.items():
            for key in ("kept", "never"):
                with pytest.raises(error):
                    await box.put("box", key, make(data))  # type: ignore[arg-type]
            assert await names(box) == ["kept"], name
        assert await box.usage("box") == before != Usage()
        assert await fetch(box, "kept") == data

    @BOTH
    async def test_checksums_are_those_of_the_bytes(self, box: Backend, data: bytes) -> None:
        for source in (data, _steps(data)):
            options = PutOptions(checksums=dict.fromkeys(EVERY))
            kept = (await box.put("box", "k", source, options=options)).checksums
            assert set(kept) == set(EVERY)
            for name in ("md5", "sha1", "sha256"):
                assert kept[name] == hashlib.new(name, data, usedforsecurity=False).digest()
            assert kept["crc32"] == zlib.crc32(data).to_bytes(4, "big")
            assert (await box.head("box", "k")).checksums == kept

    async def test_checksums_of_known_vectors(self, box: Backend) -> None:
        """The check values of CRC-32C and CRC-64/NVME, in the order of bytes that S3 uses."""
        options = PutOptions(checksums={"crc32c": None, "crc64nvme": None})
        kept = (await box.put("box", "k", b"123456789", options=options)).checksums
        assert kept["crc32c"].hex() == "e3069283"
        assert kept["crc64nvme"].hex() == "ae8b14860a799888"

    @BOTH
    async def test_announced_checksums_are_demanded(self, box: Backend, data: bytes) -> None:
        every = PutOptions(checksums=dict.fromkeys(EVERY))
        right = dict((await box.put("box", "k", data, options=every)).checksums)
        await box.put("box", "k", data, options=PutOptions(checksums=right))
        before = await box.usage("box")
        for name in EVERY:
            wrong = right | {name: bytes(len(right[name]))}
            for source in (data, _steps(data)):
                with pytest.raises(ChecksumMismatch) as caught:
                    await box.put("box", "k", source, options=PutOptions(checksums=wrong))
                assert (caught.value.algorithm, caught.value.actual) == (name, right[name].hex())
        assert await box.usage("box") == before

    async def test_an_unknown_algorithm(self, box: Backend) -> None:
        for source in (SMALL, LARGE, _steps(LARGE)):
            with pytest.raises(InvalidArgument):
                await box.put("box", "k", source, options=PutOptions(checksums={"rot13": None}))
        assert await names(box) == []
