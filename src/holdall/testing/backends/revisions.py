"""Histories: numbers, version ids, what a write keeps, and bringing it back."""

from __future__ import annotations

import asyncio
import random

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import BlobNotFound, Conflict, InvalidArgument, RevisionNotFound
from holdall.core.values import PutOptions, Revision, Versioning
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs, numbers

NO_REVISIONS = (
    *(3, -4, 2**31, 2**63, 2**80, -(2**63), -(2**80)),
    *("", "nonsense", "0", "1.0000000000000000", "f" * 20 + "." + "0" * 16, "\0", "\ud800"),
)


class RevisionTests(BoxTests):
    @needs("versions")
    async def test_a_revision_is_named_in_four_ways(self, box: Backend) -> None:
        for number, data in enumerate((b"zero", LARGE, b"two")):
            made = await box.put("box", "k", data)
            for named in (number, -1, None, made.version):
                assert await fetch(box, "k", revision=named) == data
        for named, data in ((-2, LARGE), (-3, b"zero"), (0, b"zero"), (1, LARGE)):
            assert await fetch(box, "k", revision=named) == data
        heads = [await box.head("box", "k", revision=number) for number in range(3)]
        assert [head.is_current for head in heads] == [False, False, True]
        assert [head.number for head in heads] == [0, 1, 2]
        for missing in NO_REVISIONS:
            for call in (
                box.head("box", "k", revision=missing),
                box.open("box", "k", revision=missing),
                box.copy("box", "k", "box", "other", revision=missing),
                box.restore("box", "k", missing),
            ):
                with pytest.raises(RevisionNotFound):
                    await call
        assert await names(box) == ["k"]

    @needs("numbered")
    async def test_a_write_says_its_number(self, box: Backend) -> None:
        for number, data in enumerate((SMALL, LARGE, b"")):
            assert (await box.put("box", "k", data)).number == number
        assert (await box.copy("box", "k", "box", "k")).number == 3
        marker = await box.delete("box", "k")
        assert marker is not None
        assert marker.number == 4
        assert (await box.undelete("box", "k")).number == 5
        assert (await box.restore("box", "k", 1)).number == 6
        upload = await box.start_upload("box", "k")
        await upload.part(1, SMALL)
        assert (await upload.complete()).number == 7
        assert (await box.head("box", "k")).number == 7
        assert (await box.copy("box", "k", "flat", "k")).number == 0

    @needs("versions", "amendable")
    async def test_what_is_no_revision_is_not_deleted(self, box: Backend) -> None:
        for data in (b"zero", LARGE, b"two"):
            await box.put("box", "k", data)
        numbered = box.capabilities.numbered  # else no number from 0 on is ever deleted
        for missing in NO_REVISIONS:
            if numbered or isinstance(missing, str) or missing < 0:
                with pytest.raises(RevisionNotFound):
                    await box.delete("box", "k", revision=missing)
        assert await numbers(box, "k") == [2, 1, 0]

    @needs("versions")
    async def test_a_version_id_belongs_to_one_key(self, box: Backend) -> None:
        mine = await box.put("box", "mine", SMALL)
        await box.put("box", "theirs", SMALL)
        with pytest.raises(RevisionNotFound):
            await box.open("box", "theirs", revision=mine.version)

    @needs("versions")
    async def test_keys_that_begin_alike_have_histories_of_their_own(self, box: Backend) -> None:
        for key in ("k", "k!", "k-/1", "k0", "kk"):
            for _ in range(3):
                await box.put("box", key, SMALL)
        assert await numbers(box, "k") == [2, 1, 0]
        assert await numbers(box, "kk") == [2, 1, 0]

    @needs("versions", "amendable")
    async def test_histories_of_keys_that_begin_alike_go_alone(self, box: Backend) -> None:
        for key in ("k", "k!", "kk"):
            for _ in range(3):
                await box.put("box", key, SMALL)
        assert await box.delete_all_revisions("box", "k") == 3
        assert list(await box.revisions("box", "k")) == []
        assert await numbers(box, "kk") == [2, 1, 0]
        assert await names(box) == ["k!", "kk"]

    @needs("versions")
    async def test_histories_are_paged(self, box: Backend) -> None:
        made = [await box.put("box", "k", b"%d" % number) for number in range(7)]
        whole = list(await box.revisions("box", "k"))
        assert [revision.version for revision in whole] == [r.version for r in reversed(made)]
        assert [revision.is_current for revision in whole] == [True] + [False] * 6
        paged: list[Revision] = []
        after = None
        while page := await box.revisions("box", "k", after=after, limit=3):
            paged += page
            after = page[-1].number
        assert paged == whole
        assert list(await box.revisions("box", "k", after=0)) == []
        assert list(await box.revisions("box", "never")) == []
        for limit in (0, -1):
            with pytest.raises(InvalidArgument):
                await box.revisions("box", "k", limit=limit)

    @needs("versions")
    async def test_a_deletion_keeps_the_past(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        marker = await box.delete("box", "k")
        assert (marker is not None) is box.capabilities.markers
        for call in (box.head("box", "k"), box.open("box", "k"), box.delete("box", "k")):
            with pytest.raises(BlobNotFound):
                await call
        assert await fetch(box, "k", revision=0) == b"zero"
        assert await fetch(box, "k", revision=-1) == b"zero"
        assert not (await box.head("box", "k", revision=-1)).is_current

    @needs("versions", "markers")
    async def test_a_deletion_is_a_marker(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        marker = await box.delete("box", "k")
        assert marker is not None
        assert (marker.is_marker, marker.size) == (True, 0)
        for named in (1, marker.version):
            assert (await box.head("box", "k", revision=named)).is_marker
            with pytest.raises(RevisionNotFound):
                await box.open("box", "k", revision=named)
        assert [r.is_marker for r in await box.revisions("box", "k")] == [True, False]

    @needs("versions")
    async def test_undelete(self, box: Backend) -> None:
        said = PutOptions(content_type="a/b", metadata={"m": "1"}, tags={"t": "1"})
        await box.put("box", "k", b"zero")
        await box.put("box", "k", LARGE, options=said)
        await box.delete("box", "k")
        back = await box.undelete("box", "k")
        assert (back.content_type, back.metadata, back.tags) == ("a/b", {"m": "1"}, {"t": "1"})
        assert await fetch(box, "k") == LARGE
        past = [True, False, False] if box.capabilities.markers else [False, False]
        assert [r.is_marker for r in await box.revisions("box", "k")] == [False, *past]
        with pytest.raises(Conflict):
            await box.undelete("box", "k")

    @needs("versions")
    async def test_restore(self, box: Backend) -> None:
        options = PutOptions(metadata={"n": "0"})
        zero = await box.put("box", "k", LARGE, options=options)
        await box.put("box", "k", b"one")
        restored = await box.restore("box", "k", 0)
        assert (restored.metadata, restored.is_current) == ({"n": "0"}, True)
        assert restored.version != zero.version
        await box.delete("box", "k")
        assert (await box.restore("box", "k", restored.version)).is_current
        assert await fetch(box, "k") == LARGE

    @needs("versions", "amendable")
    async def test_what_was_restored_stands_on_its_own(self, box: Backend) -> None:
        zero = await box.put("box", "k", LARGE)
        await box.restore("box", "k", 0)
        await box.delete("box", "k", revision=zero.version)
        await self.settle(box)
        assert await fetch(box, "k") == LARGE

    @needs("versions", "markers")
    async def test_a_marker_is_not_restored(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        marker = await box.delete("box", "k")
        assert marker is not None
        with pytest.raises(RevisionNotFound):
            await box.restore("box", "k", marker.version)

    @needs("numbered")
    async def test_version_ids_never_come_twice(self, box: Backend) -> None:
        seen = set()
        for _ in range(3):
            random.seed(0)
            seen.add((await box.put("flat", "k", SMALL)).version)
            await box.delete("flat", "k")
        assert len(seen) == 3

    @needs("numbered")
    async def test_writers_of_one_key_get_a_number_each(self, box: Backend) -> None:
        made = await asyncio.gather(*(box.put("box", "k", b"%d" % n) for n in range(300)))
        assert sorted(revision.number for revision in made) == list(range(300))
        held = {r.number: r.version for r in await box.revisions("box", "k")}
        assert held == {revision.number: revision.version for revision in made}
        for written, revision in random.Random(1).sample(list(enumerate(made)), 20):
            assert await fetch(box, "k", revision=revision.number) == b"%d" % written

    async def test_without_versions_the_old_content_goes(self, box: Backend) -> None:
        for data in (b"zero", LARGE, b"two"):
            await box.put("flat", "k", data)
        assert [revision.size for revision in await box.revisions("flat", "k")] == [3]
        assert await box.delete("flat", "k") is None
        assert list(await box.revisions("flat", "k")) == []

    @needs("versions")
    async def test_without_versions_nothing_is_undeleted(self, box: Backend) -> None:
        await box.put("flat", "k", SMALL)
        await box.delete("flat", "k")
        with pytest.raises(BlobNotFound):
            await box.undelete("flat", "k")

    @needs("versions")
    async def test_writers_of_one_key_get_a_version_each(self, box: Backend) -> None:
        made = await asyncio.gather(*(box.put("box", "k", b"%d" % n) for n in range(60)))
        held = [revision.version for revision in await box.revisions("box", "k")]
        assert sorted(held) == sorted(revision.version for revision in made)
        for written, revision in random.Random(1).sample(list(enumerate(made)), 10):
            assert await fetch(box, "k", revision=revision.version) == b"%d" % written

    @needs("numbered")
    async def test_numbers_go_on_without_versions(self, box: Backend) -> None:
        made = [(await box.put("flat", "k", SMALL)).number for _ in range(3)]
        assert made == [0, 1, 2]
        with pytest.raises(RevisionNotFound):
            await box.head("flat", "k", revision=1)

    @needs("versions")
    async def test_versioning_turned_on_keeps_what_was_there(self, box: Backend) -> None:
        await box.put("flat", "k", b"before")
        await box.set_versioning("flat", Versioning.ENABLED)
        await box.put("flat", "k", LARGE)
        assert await fetch(box, "k", bucket="flat", revision=0) == b"before"
        await box.delete("flat", "k")
        marker = [2] if box.capabilities.markers else []
        assert await numbers(box, "k", "flat") == [*marker, 1, 0]

    @needs("versions", "suspension")
    async def test_suspended_versioning_keeps_what_has_a_version(self, box: Backend) -> None:
        kept = await box.put("box", "k", b"kept")
        await box.set_versioning("box", Versioning.SUSPENDED)
        await box.put("box", "k", b"null")
        null = await box.put("box", "k", LARGE)
        assert null.is_null
        assert len(await box.revisions("box", "k")) == 2
        assert await fetch(box, "k", revision="null") == LARGE
        marker = await box.delete("box", "k")
        assert marker is not None
        held = await box.revisions("box", "k")
        assert [(r.is_marker, r.is_null) for r in held] == [(True, True), (False, False)]
        assert await fetch(box, "k", revision=kept.version) == b"kept"
        await box.delete("box", "k", revision=marker.version)
        assert await fetch(box, "k") == b"kept"

    @needs("numbered", "suspension")
    async def test_suspended_versioning_replaces_only_the_null_revision(self, box: Backend) -> None:
        await box.put("box", "k", b"kept")
        await box.set_versioning("box", Versioning.SUSPENDED)
        await box.put("box", "k", b"null")
        await box.put("box", "k", LARGE)
        assert await numbers(box, "k") == [2, 0]
        marker = await box.delete("box", "k")
        assert marker is not None
        assert await numbers(box, "k") == [3, 0]
        await box.set_versioning("box", Versioning.ENABLED)
        await box.put("box", "k", b"numbered")
        await box.put("box", "k", b"numbered")
        assert await numbers(box, "k") == [5, 4, 3, 0]
        await box.set_versioning("box", Versioning.SUSPENDED)
        await box.put("box", "k", b"null again")
        assert await numbers(box, "k") == [6, 5, 4, 0], "the null revision is replaced, where it is"
        assert await fetch(box, "k", revision=0) == b"kept"
