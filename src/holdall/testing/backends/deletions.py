"""Deleting: one revision for good, several blobs, a whole history."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import BlobNotFound, InvalidKey, NotSupported, RevisionNotFound
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs, numbers


class DeletionTests(BoxTests):
    @needs("versions", "amendable")
    async def test_a_revision_goes_for_good(self, box: Backend) -> None:
        made = [await box.put("box", "k", data) for data in (b"zero", LARGE, b"two")]
        assert await box.delete("box", "k", revision=made[1].version) is None
        held = [revision.version for revision in await box.revisions("box", "k")]
        assert held == [made[2].version, made[0].version]
        for gone in (made[1].version, -3):
            with pytest.raises(RevisionNotFound):
                await box.delete("box", "k", revision=gone)
        assert await fetch(box, "k", revision=-2) == b"zero", "negative numbers skip what is gone"

    @needs("versions", "amendable")
    async def test_after_the_current_revision_comes_the_one_before(self, box: Backend) -> None:
        for data in (b"zero", LARGE):
            await box.put("box", "k", data)
        await box.delete("box", "k", revision=-1)
        assert await fetch(box, "k", revision=-1) == b"zero"
        assert (await box.head("box", "k", revision=-1)).is_current is box.capabilities.markers
        if not box.capabilities.markers:
            with pytest.raises(BlobNotFound):
                await box.head("box", "k")
            await box.undelete("box", "k")
        assert await fetch(box, "k") == b"zero"
        assert (await box.head("box", "k")).is_current

    @needs("numbered")
    async def test_a_number_is_never_used_again(self, box: Backend) -> None:
        for data in (b"zero", LARGE, b"two"):
            await box.put("box", "k", data)
        assert await box.delete("box", "k", revision=1) is None
        assert await numbers(box, "k") == [2, 0]
        with pytest.raises(RevisionNotFound):
            await box.delete("box", "k", revision=1)
        await box.delete("box", "k", revision=-1)
        assert (await box.put("box", "k", b"next")).number == 3

    @needs("versions")
    async def test_a_place_that_moves_deletes_nothing(self, box: Backend) -> None:
        if box.capabilities.numbered:
            return  # numbers do not move
        await box.put("box", "k", SMALL)
        with pytest.raises(NotSupported):
            await box.delete("box", "k", revision=0)
        assert await fetch(box, "k") == SMALL

    @needs("versions", "amendable")
    async def test_with_its_last_revision_a_blob_is_gone(self, box: Backend) -> None:
        made = await box.put("box", "k", b"zero")
        await box.delete("box", "k", revision=made.version)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k", revision=0)
        assert await numbers(box, "k") == []
        await box.delete_bucket("box")

    @needs("versions", "markers")
    async def test_removing_a_marker_brings_the_blob_back(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        marker = await box.delete("box", "k")
        assert marker is not None
        await box.delete("box", "k", revision=marker.version)
        assert await fetch(box, "k") == b"zero"
        assert await names(box) == ["k"]

    @needs("versions", "markers")
    async def test_below_a_removed_revision_a_marker_can_come_to_light(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        await box.delete("box", "k")
        two = await box.put("box", "k", b"two")
        await box.delete("box", "k", revision=two.version)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        assert await names(box) == []
        assert await fetch(box, "k", revision=0) == b"zero"

    @needs("versions", "amendable")
    async def test_a_whole_history_goes_at_once(self, box: Backend) -> None:
        for number in range(60):
            await box.put("box", "k", b"%d" % number)
        await box.delete("box", "k")
        await box.put("box", "other", SMALL)
        assert await box.delete_all_revisions("box", "k") == 60 + box.capabilities.markers
        assert await numbers(box, "k") == []
        with pytest.raises(BlobNotFound):
            await box.delete_all_revisions("box", "k")
        assert await names(box) == ["other"]

    @needs("versions")
    async def test_several_blobs_at_once(self, box: Backend) -> None:
        keys = [f"d/{number:03}" for number in range(60)]
        await asyncio.gather(*(box.put("box", key, SMALL) for key in keys))
        await box.put("box", "e", SMALL)
        done = await box.delete_many("box", iter([*keys, "", "d/000"]))
        assert [deletion.key for deletion in done] == [*keys, "", "d/000"]
        assert [bool(d.marker) for d in done] == [box.capabilities.markers] * 60 + [False] * 2
        errors = [deletion.error for deletion in done if deletion.error]
        assert [type(error) for error in errors] == [InvalidKey]
        assert await names(box) == ["e"]
        assert await fetch(box, "d/000", revision=0) == SMALL
        assert list(await box.delete_many("box", [])) == []

    async def test_a_missing_blob_among_several_is_no_error(self, box: Backend) -> None:
        await box.put("flat", "k", SMALL)
        done = await box.delete_many("flat", ["missing", "k"])
        assert [(deletion.key, deletion.error) for deletion in done] == [
            *(("missing", None), ("k", None)),
        ]
        assert await names(box, "flat") == []

    @needs("one_winner", "versions")
    async def test_a_missing_blob_among_several_gets_no_marker(self, box: Backend) -> None:
        (done,) = await box.delete_many("box", ["missing"])
        assert (done.marker, done.error) == (None, None)
        assert await numbers(box, "missing") == []

    @needs("one_winner")
    async def test_one_of_many_deleters_succeeds(self, box: Backend) -> None:
        await box.put("flat", "k", LARGE)
        calls = [box.delete("flat", "k") for _ in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert results.count(None) == 1
        assert sum(isinstance(result, BlobNotFound) for result in results) == 19
