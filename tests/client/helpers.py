"""What several client tests do: read a blob, list keys, record progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdall import (
    AbstractDeleteProgress,
    AbstractRecursiveFileProgress,
    Client,
)


async def content(client: Client, key: str, **options: Any) -> bytes:
    async with client.buckets.fetch_blob("box", key, **options) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def keys(client: Client, uri: str = "blob:box/", **options: Any) -> list[str]:
    options.setdefault("recursive", True)
    async with client.buckets.list_blobs(uri, **options) as entries:
        return [entry.key async for entry in entries]


async def put_all(client: Client, *names: str) -> None:
    """Blobs that contain their own key."""
    for name in names:
        await client.buckets.put_blob("box", name, name.encode())


class Recorder(AbstractRecursiveFileProgress, AbstractDeleteProgress):
    """Keeps every event, and raises `error` at the first event of the kind `at`."""

    def __init__(self, at: str = "", error: Exception | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        self._at = at
        self._error = error

    def of(self, kind: str) -> list[Any]:
        return [data for name, data in self.events if name == kind]

    def _note(self, kind: str, data: Any) -> None:
        self.events.append((kind, data))
        if kind == self._at and self._error is not None:
            raise self._error

    def start(self, data: Any) -> None:
        self._note("start", data)

    def step(self, data: Any) -> None:
        self._note("step", data)

    def complete(self, data: Any) -> None:
        self._note("complete", data)

    def skip(self, data: Any) -> None:
        self._note("skip", data)

    def enter(self, data: Any) -> None:
        self._note("enter", data)

    def leave(self, data: Any) -> None:
        self._note("leave", data)

    def fail(self, data: Any) -> None:
        self._note("fail", data)

    def delete(self, data: Any) -> None:
        self._note("delete", data)


def within(progress: Recorder, held: Mapping[str, Sequence[str]]) -> None:
    """Demand that each directory was entered before anything that it holds, and left after."""
    told = [(kind, data.src.path.rstrip("/").rpartition("/")[2]) for kind, data in progress.events]
    for folder, names in held.items():
        begin, end = told.index(("enter", folder)), told.index(("leave", folder))
        inside = {name for kind, name in told[begin:end] if kind in ("complete", "leave")}
        assert inside >= set(names)
        assert not {name for _, name in told[:begin]} & set(names)
        assert all(told.count((kind, folder)) == 1 for kind in ("enter", "leave"))
