"""Pages of current blobs out of Google's listing, which is in the order of their keys' bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Final

from holdall.backends.clouds.prefixes import common_prefix
from holdall.backends.gcs.said import revision
from holdall.core.values import CommonPrefix, Entry, Page
from holdall.payloads.gcs.client import GcsClient, Resource

_LEAST, _MOST = 250, 1000
"""Entries to ask for at once, however few are wanted: some are dropped."""

_LAST: Final = "\U0010ffff"


class Listing:
    """One listing of a bucket; its entries are described in full.

    Google groups keys by delimiters of one character. By others they are grouped here: one
    request a common prefix, which is what leads beyond all that it hides.
    """

    def __init__(
        self, client: GcsClient, bucket: str, prefix: str, delimiter: str, limit: int
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._delimiter = delimiter
        self._limit = limit

    async def page(self, after: str) -> Page:
        found: dict[str, Entry] = {}  # fake-gcs-server says a common prefix on every page
        begun = common_prefix(after, self._prefix, self._delimiter)
        if begun is not None and begun != after and await self._holds_more(begun, after):
            found[begun] = CommonPrefix(begun)
        start = after + "\0" if begun is None else _successor(begun)
        if start or not after:
            async with aclosing(self._pages(start if after else "")) as pages:
                async for entries in pages:
                    found |= {_name(each): each for each in entries if _name(each) != begun}
                    if len(found) > self._limit:
                        break
        return self._page(sorted(found.values(), key=lambda each: _name(each).encode()))

    def _page(self, ordered: list[Entry]) -> Page:
        if len(ordered) <= self._limit:
            return Page(tuple(ordered), None)
        return Page(tuple(ordered[: self._limit]), _name(ordered[self._limit - 1]))

    async def _holds_more(self, prefix: str, after: str) -> bool:
        query = {"prefix": prefix, "startOffset": after + "\0", "maxResults": 1}
        async with aclosing(self._client.pages(self._bucket, query)) as pages:
            async for page in pages:
                if page.get("items"):
                    return True
        return False

    def _pages(self, start: str) -> AsyncGenerator[Iterable[Entry], None]:
        if len(self._delimiter) == 1 and self._delimiter.isascii():
            return self._grouped_there(start)
        return self._grouped_here(start) if self._delimiter else self._flat(start)

    async def _grouped_there(self, start: str) -> AsyncGenerator[Iterable[Entry], None]:
        async with aclosing(self._asked(start, delimiter=self._delimiter)) as pages:
            async for page in pages:
                yield [*map(revision, page.get("items", ())), *_prefixes(page, start)]

    async def _flat(self, start: str) -> AsyncGenerator[Iterable[Entry], None]:
        async with aclosing(self._asked(start)) as pages:
            async for page in pages:
                yield map(revision, page.get("items", ()))

    async def _grouped_here(self, start: str) -> AsyncGenerator[Iterable[Entry], None]:
        """Each time up to a common prefix, and on beyond it."""
        common: str | None = ""
        while common is not None:
            common = None
            async with aclosing(self._flat(start)) as pages:
                async for entries in pages:
                    held, common = self._until_common(entries)
                    yield held
                    if common is not None:
                        break
            if common is not None and not (start := _successor(common)):
                return

    def _until_common(self, entries: Iterable[Entry]) -> tuple[list[Entry], str | None]:
        """Entries up to the first common prefix, which is the last of them."""
        held: list[Entry] = []
        for entry in entries:
            common = common_prefix(_name(entry), self._prefix, self._delimiter)
            if common is not None:
                return [*held, CommonPrefix(common)], common
            held.append(entry)
        return held, None

    def _asked(self, start: str, **query: object) -> AsyncGenerator[Resource, None]:
        query["maxResults"] = max(_LEAST, min(self._limit + 1, _MOST))
        if self._prefix:
            query["prefix"] = self._prefix
        if start:
            query["startOffset"] = start
        return self._client.pages(self._bucket, query)


def _prefixes(page: Resource, start: str) -> Iterable[Entry]:
    for prefix in page.get("prefixes", ()):
        if prefix.encode() >= start.encode():
            yield CommonPrefix(prefix)


def _name(entry: Entry) -> str:
    return entry.prefix if isinstance(entry, CommonPrefix) else entry.key


def _successor(prefix: str) -> str:
    """The least text beyond all that begin with `prefix`; "" where there is none."""
    rest = prefix.rstrip(_LAST)
    if not rest:
        return ""
    following = ord(rest[-1]) + 1
    return rest[:-1] + chr(0xE000 if following == 0xD800 else following)
