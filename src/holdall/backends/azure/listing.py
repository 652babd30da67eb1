"""Pages of current blobs in the order of their keys' bytes, out of Azure's own listing.

Azure can be asked to begin at a name since version 2026-02-06 of its API ("List Blobs",
startFrom). A server that does not know that begins at the prefix, and a page then costs what
lies before it; either way what is not beyond `after` is dropped here, and no more than one
page is held. Azure compares names as UTF-16 where we compare UTF-8, so a page is whole only
when nothing that may still come belongs into it.

By other delimiters than a slash keys are grouped here: not every account takes them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from heapq import heappush, heappushpop
from typing import Any, Final

from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobPrefix

from holdall.backends.azure.naming import UNKEPT
from holdall.backends.azure.said import revision
from holdall.backends.clouds.prefixes import common_prefix
from holdall.core.values import CommonPrefix, Entry, Page
from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.failures import translated

_MOST: Final = 5000
"""Entries in one answer of Azure."""

_LEAST: Final = 500
"""Entries to ask for at once, however few are wanted: some are dropped."""

_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
_BELOW: Final = re.compile("[\ue000-\uffff]")
_FIRST_BELOW: Final = "\ue000"
"""UTF-16 sorts what is _BEYOND before what is _BELOW, UTF-8 after it."""


class Listing:
    """One page under way: its `limit` smallest names beyond `after`, and one more."""

    def __init__(self, client: AzureClient, container: str, limit: int, after: str) -> None:
        self._client = client
        self._container = container
        self._hierarchical = client.account.hierarchical
        self._tags = client.account.native_tags
        self._ordered = not self._hierarchical
        self._last = b""
        self._room = limit + 1
        self._after = after.encode()
        self._held: list[tuple[_Reversed, Entry]] = []

    async def page(self, prefix: str, delimiter: str, after: str) -> Page:
        """The page. A common prefix that `after` lies below is shown if it holds more."""
        begun = common_prefix(after, prefix, delimiter)
        if begun is not None and begun != after and await self._holds_more(begun):
            self._take(begun, CommonPrefix(begun))
        async with aclosing(self._each(prefix, delimiter, after)) as found:
            async for name, entry in found:
                if name != begun and name.encode() > self._after:
                    self._take(name, entry)
                if self._is_whole(name):
                    break
        return self._finished()

    async def _holds_more(self, prefix: str) -> bool:
        async with aclosing(self._each(prefix, "", self._after.decode())) as found:
            async for name, _ in found:
                if name.encode() > self._after:
                    return True
        return False

    async def _each(
        self, prefix: str, delimiter: str, after: str
    ) -> AsyncGenerator[tuple[str, Entry], None]:
        container = self._client.container(self._container)
        include = ["metadata", "tags"] if self._tags else ["metadata"]
        options: dict[str, Any] = {"name_starts_with": prefix or None, "include": include}
        options["results_per_page"] = min(_MOST, max(_LEAST, self._room))
        with translated(self._container):
            if delimiter == "/":
                async for page in container.walk_blobs(delimiter=delimiter, **options).by_page():
                    # The vendor's client puts a page's prefixes before its blobs.
                    entries = [_entry(each) async for each in page]
                    for each in sorted(entries, key=_in_utf16):
                        yield each
                return
            options |= self._start(prefix, after)
            shown = None
            async for blob in container.list_blobs(**options):
                common = common_prefix(blob.name, prefix, delimiter)
                if common is None:
                    yield _entry(blob)
                elif common != shown:
                    shown = common
                    yield common, CommonPrefix(common)

    def _start(self, prefix: str, after: str) -> dict[str, str]:
        """Where to begin, so that nothing is missed in either order."""
        start = _BELOW.split(UNKEPT.split(after)[0])[0]
        if self._hierarchical or not start.startswith(prefix) or start == prefix:
            return {}
        return {"start_from": start}

    def _take(self, name: str, entry: Entry) -> None:
        item = (_Reversed(name.encode()), entry)
        if len(self._held) < self._room:
            heappush(self._held, item)
        else:
            heappushpop(self._held, item)

    def _is_whole(self, name: str) -> bool:
        """Whether nothing that comes after `name` can be among the smallest."""
        place = name.encode("utf-16-be")
        self._ordered = self._ordered and place >= self._last  # else all of it is looked at
        self._last = place
        if not self._ordered or len(self._held) < self._room:
            return False
        beyond = _BEYOND.search(name)
        least = name if beyond is None else name[: beyond.start()] + _FIRST_BELOW
        return least.encode() >= self._held[0][0].raw

    def _finished(self) -> Page:
        ordered = [item[1] for item in sorted(self._held, key=lambda item: item[0].raw)]
        if len(ordered) < self._room:
            return Page(tuple(ordered), None)
        return Page(tuple(ordered[:-1]), _name(ordered[-2]))


class _Reversed:
    """A name whose place in a heap is the other way round: the largest comes first."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def __lt__(self, other: _Reversed) -> bool:
        return self.raw > other.raw


def _entry(found: BlobProperties | BlobPrefix) -> tuple[str, Entry]:
    if isinstance(found, BlobPrefix):
        return found.name, CommonPrefix(found.name)
    return found.name, revision(found, found.tags)


def _in_utf16(entry: tuple[str, Entry]) -> bytes:
    return entry[0].encode("utf-16-be")


def _name(entry: Entry) -> str:
    return entry.prefix if isinstance(entry, CommonPrefix) else entry.key
