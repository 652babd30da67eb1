"""A manifest: what a place held, file by file, in a text file that outlives it.

Lines of JSON: a heading, one line a file in the order of the names' bytes, and a count at
the end, without which it is not whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, Protocol

from holdall.client.landing import temporary_beside
from holdall.client.threads import in_thread
from holdall.core.errors import FormatError
from holdall.transfer.items import Item, Kind

FORMAT: Final = 1
_LINES: Final = 1000  # handed to or taken from a thread at a time


class Listed(Protocol):
    """A side of which a manifest can be written."""

    def items(self) -> AsyncGenerator[Item, None]: ...

    async def crc32c(self, item: Item) -> int: ...


async def write_manifest(side: Listed, path: Path) -> int:
    """Write down what a side holds; how many files. The file is replaced whole or stays."""
    temporary, count = temporary_beside(path), 0
    file = await in_thread(open, temporary, "x", encoding="utf-8")
    try:
        await in_thread(_write, file, [{"manifest": FORMAT}])
        async with aclosing(_described(side)) as lines:
            async for batch in lines:
                await in_thread(_write, file, batch)
                count += len(batch)
        await in_thread(_finish, file, count, temporary, path)
    finally:
        file.close()
        temporary.unlink(missing_ok=True)
    return count


async def _described(side: Listed) -> AsyncGenerator[list[Mapping[str, Any]], None]:
    batch: list[Mapping[str, Any]] = []
    async with aclosing(side.items()) as items:
        async for item in items:
            if item.kind is not Kind.FILE:
                continue
            crc = await side.crc32c(item)
            batch.append({"key": item.relative, "size": item.size, "crc32c": f"{crc:08x}"})
            if len(batch) == _LINES:
                yield batch
                batch = []
    yield batch


def _write(file: TextIOWrapper, lines: list[Mapping[str, Any]]) -> None:
    file.writelines(json.dumps(line) + "\n" for line in lines)


def _finish(file: TextIOWrapper, count: int, temporary: Path, path: Path) -> None:
    _write(file, [{"files": count}])
    file.flush()
    os.fsync(file.fileno())
    os.replace(temporary, path)


class ManifestSide:
    """A manifest as one side of a comparison. `FormatError` for what is none, or not whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._crcs: dict[str, int] = {}

    async def items(self) -> AsyncGenerator[Item, None]:
        async with aclosing(self._lines()) as lines:
            await self._demand_heading(lines)
            count = 0
            async for line in lines:
                if "files" in line and line["files"] == count:
                    return
                yield self._item(line)
                count += 1
        raise self._bad("it has no end")

    async def crc32c(self, item: Item) -> int:
        return self._crcs.pop(item.relative)

    async def _demand_heading(self, lines: AsyncIterator[Mapping[str, Any]]) -> None:
        heading = await anext(lines, None)
        if heading is None or heading.get("manifest") != FORMAT:
            raise self._bad("it has no heading")

    def _item(self, line: Mapping[str, Any]) -> Item:
        try:
            self._crcs[line["key"]] = int(line["crc32c"], 16)
            return Item(line["key"], Kind.FILE, line["size"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._bad("a line cannot be read") from error

    async def _lines(self) -> AsyncGenerator[Mapping[str, Any], None]:
        file = await in_thread(open, self._path, encoding="utf-8")
        try:
            while texts := await in_thread(file.readlines, 100 * _LINES):
                for text in texts:
                    yield self._parsed(text)
        finally:
            file.close()

    def _parsed(self, text: str) -> Mapping[str, Any]:
        try:
            said = json.loads(text)
        except ValueError as error:
            raise self._bad("a line cannot be read") from error
        if not isinstance(said, dict):
            raise self._bad("a line cannot be read")
        return said

    def _bad(self, why: str) -> FormatError:
        return FormatError(f"{self._path} is no manifest: {why}", path=self._path)
