"""Copies and moves: the bytes and what is said of them, and nothing of the source after."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import BlobNotFound, InvalidArgument
from holdall.core.values import CopyOptions, PutOptions, Revision
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs, numbers

SAID = PutOptions(content_type="a/b", metadata={"m": "\u00e9"}, tags={"t": "1"})


def said(revision: Revision) -> tuple[object, ...]:
    return revision.content_type, revision.metadata, revision.tags, revision.checksums


class CopyTests(BoxTests):
    @pytest.mark.parametrize("target", ["flat", "box"])
    @pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
    async def test_a_copy_stands_on_its_own(self, box: Backend, data: bytes, target: str) -> None:
        source = await box.put("flat", "k", data, options=SAID)
        copied = await box.copy("flat", "k", target, "copy")
        assert said(copied) == said(source)
        assert (copied.key, copied.size) == ("copy", len(data))
        await box.delete("flat", "k")
        await self.settle(box)
        assert await fetch(box, "copy", bucket=target) == data

    async def test_what_a_copy_says_can_be_changed(self, box: Backend) -> None:
        await box.put("box", "k", LARGE, options=SAID)
        changed = CopyOptions(content_type="c/d", metadata={}, tags={"new": "1"})
        other = await box.copy("box", "k", "box", "other", options=changed)
        assert (other.content_type, other.metadata, other.tags) == ("c/d", {}, {"new": "1"})
        assert said(await box.head("box", "other")) == said(other)
        for wrong in (CopyOptions(metadata={"a": 1}), CopyOptions(content_type="\n")):  # type: ignore[dict-item]
            with pytest.raises(InvalidArgument):
                await box.copy("box", "k", "box", "never", options=wrong)
        assert await names(box) == ["k", "other"]

    @needs("versions", "amendable")
    async def test_a_copy_onto_itself_is_a_new_revision(self, box: Backend) -> None:
        first = await box.put("box", "k", LARGE, options=SAID)
        again = await box.copy("box", "k", "box", "k", options=CopyOptions(metadata={"n": "2"}))
        assert (again.metadata, again.tags) == ({"n": "2"}, {"t": "1"})
        assert await numbers(box, "k") == [1, 0]
        await box.delete("box", "k", revision=first.version)
        await self.settle(box)
        assert await fetch(box, "k") == LARGE

    async def test_an_unversioned_copy_onto_itself_keeps_the_bytes(self, box: Backend) -> None:
        for data in (SMALL, LARGE):
            await box.put("flat", "k", data)
            await box.copy("flat", "k", "flat", "k")
            await self.settle(box)
            assert await fetch(box, "k", bucket="flat") == data

    async def test_copies_of_copies(self, box: Backend) -> None:
        await box.put("flat", "0", LARGE)
        for number in range(1, 5):
            await box.copy("flat", f"{number - 1}", "flat", f"{number}")
            await box.delete("flat", f"{number - 1}")
            await self.settle(box)
        assert await fetch(box, "4", bucket="flat") == LARGE

    @needs("versions")
    async def test_a_copy_of_an_old_revision(self, box: Backend) -> None:
        zero = await box.put("box", "k", b"zero")
        await box.put("box", "k", b"one")
        await box.delete("box", "k")
        for name in (0, zero.version, -2):
            await box.copy("box", "k", "box", "old", revision=name)
            assert await fetch(box, "old") == b"zero"
        with pytest.raises(BlobNotFound):
            await box.copy("box", "k", "box", "old")

    @needs("atomic_move")
    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_a_move(self, box: Backend, data: bytes) -> None:
        source = await box.put("flat", "k", data, options=SAID)
        moved = await box.move("flat", "k", "flat", "there")
        assert said(moved) == said(source)
        assert await names(box, "flat") == ["there"]
        await box.move("flat", "there", "box", "k")
        await self.settle(box)
        assert await fetch(box, "k") == data
        assert await names(box, "flat") == []
        with pytest.raises(BlobNotFound):
            await box.move("flat", "k", "box", "k")
        with pytest.raises(InvalidArgument):
            await box.move("box", "k", "box", "k")
        assert await fetch(box, "k") == data

    @needs("atomic_move", "versions")
    async def test_a_move_leaves_its_history(self, box: Backend) -> None:
        for key in ("from", "to"):
            await box.put("box", key, key.encode())
        await box.move("box", "from", "box", "to")
        assert await numbers(box, "to") == [1, 0]
        assert [r.is_marker for r in await box.revisions("box", "from")] == [True, False]
        assert await fetch(box, "from", revision=0) == b"from"
        assert await fetch(box, "to", revision=0) == b"to"

    @needs("atomic_move")
    async def test_one_of_many_movers_succeeds(self, box: Backend) -> None:
        await box.put("flat", "k", LARGE)
        calls = [box.move("flat", "k", "flat", f"to-{number}") for number in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, Revision) for result in results) == 1
        (left,) = await names(box, "flat")
        assert await fetch(box, left, bucket="flat") == LARGE
