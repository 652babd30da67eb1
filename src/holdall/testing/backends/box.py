"""What every part of the exam stands on: two buckets, a few bytes, and the skips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from holdall.backends.protocol import Backend, RevisionRef
from holdall.core.values import CommonPrefix, Entry, Versioning

SMALL, LARGE = b"few bytes", bytes(range(256)) * 4096  # 1 MiB: beyond what a catalog keeps
SIZES = (0, 1, 65_536, 65_537, 262_144, 262_145, 1_048_579)
"""Around where contents stop being small, around a block of checksums, and several blocks."""

Test = TypeVar("Test", bound=Callable[..., object])


def needs(*abilities: str) -> Callable[[Test], Test]:
    """Names the `capabilities` without which a test is skipped."""

    def mark(test: Test) -> Test:
        test.needs = abilities  # type: ignore[attr-defined]
        return test

    return mark


class BoxTests:
    """The base of each part. A subclass gives a fixture `backend`."""

    @pytest.fixture(autouse=True)
    def able(self, request: pytest.FixtureRequest, backend: Backend) -> None:
        for ability in getattr(request.function, "needs", ()):
            if not getattr(backend.capabilities, ability):
                pytest.skip(f"capabilities: no {ability}")

    @pytest.fixture
    async def box(self, backend: Backend) -> Backend:
        """The backend with a bucket `box`, versioned if it can be, and `flat`, which is not."""
        able = backend.capabilities.versions
        await backend.create_bucket(
            "box", versioning=Versioning.ENABLED if able else Versioning.OFF
        )
        await backend.create_bucket("flat", versioning=Versioning.OFF)
        return backend

    async def settle(self, backend: Backend) -> None:
        """Let what is no longer wanted be deleted; a backend with a sweeper calls it here."""
        await asyncio.sleep(0)


async def fetch(
    backend: Backend, key: str, *, bucket: str = "box", revision: RevisionRef = None
) -> bytes:
    async with await backend.open(bucket, key, revision=revision) as reading:
        return await reading.read()


async def names(backend: Backend, bucket: str = "box", **options: object) -> list[str]:
    """A whole listing, page by page; common prefixes by their prefix."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await backend.list(bucket, after=after, **options)  # type: ignore[arg-type]
        found += map(name_of, page.entries)
        after = page.after
    return found


def name_of(entry: Entry) -> str:
    return entry.prefix if isinstance(entry, CommonPrefix) else entry.key


async def numbers(backend: Backend, key: str, bucket: str = "box") -> list[int]:
    return [revision.number for revision in await backend.revisions(bucket, key)]
