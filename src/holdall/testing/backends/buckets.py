"""Buckets: their names, their settings, and when one may go."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    Conflict,
    InvalidBucketName,
)
from holdall.core.values import BucketRecord, Versioning
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs

GOOD_NAMES = ("a", "0", "a-b_c.d", "a" * 63)
BAD_NAMES = ("", "A", "é", "a b", "a..b", "-a", "a.", "1.2.3.4", "a" * 64, "a/b", "xn--a", "\0")
GHOST = "B" + "0" * 25


class BucketTests(BoxTests):
    async def test_buckets_are_made_found_and_listed(self, backend: Backend) -> None:
        made = await backend.create_bucket("photos", versioning=Versioning.OFF)
        assert (made.name, made.versioning) == ("photos", Versioning.OFF)
        assert not made.public_access
        assert made == await backend.get_bucket("photos") == await backend.get_bucket(made.id)
        assert made == await backend.get_bucket(f"{made.owner}/photos")
        unnamed = await backend.create_bucket(None, versioning=Versioning.OFF)
        assert unnamed.name is None
        await backend.create_bucket("attic", versioning=Versioning.OFF)
        found = [record.name async for record in backend.list_buckets()]
        assert found == ["attic", "photos", None]

    async def test_every_way_of_naming_a_bucket_works_everywhere(self, box: Backend) -> None:
        made = await box.create_bucket(None, versioning=Versioning.OFF)
        await box.put(made.id, "k", SMALL)
        named = await box.get_bucket("flat")
        await box.copy(made.id, "k", f"{named.owner}/flat", "copy")
        assert await fetch(box, "k", bucket=made.id) == SMALL
        assert await fetch(box, "copy", bucket=named.id) == SMALL

    async def test_unnamed_buckets_are_many(self, backend: Backend) -> None:
        made = [await backend.create_bucket(None, versioning=Versioning.OFF) for _ in range(3)]
        assert len({record.id for record in made}) == 3

    async def test_a_name_is_taken_once(self, backend: Backend) -> None:
        calls = [backend.create_bucket("one", versioning=Versioning.OFF) for _ in range(10)]
        made = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, BucketRecord) for result in made) == 1
        assert sum(isinstance(result, BucketExists) for result in made) == 9

    async def test_good_and_bad_bucket_names(self, backend: Backend) -> None:
        for name in GOOD_NAMES:
            await backend.create_bucket(name, versioning=Versioning.OFF)
        for name in BAD_NAMES:
            with pytest.raises(InvalidBucketName):
                await backend.create_bucket(name, versioning=Versioning.OFF)
        listed = [record.name async for record in backend.list_buckets()]
        assert listed == sorted(GOOD_NAMES)

    @pytest.mark.parametrize("ref", ["no", "box/no", "somebody/box", GHOST])
    async def test_a_bucket_that_is_not_there(self, box: Backend, ref: str) -> None:
        await box.put("box", "k", SMALL)
        for call in (
            box.get_bucket(ref),
            box.set_public_access(ref, True),
            box.set_versioning(ref, Versioning.ENABLED),
            box.put(ref, "k", SMALL),
            box.put(ref, "k", LARGE),
            box.open(ref, "k"),
            box.head(ref, "k"),
            box.list(ref),
            box.revisions(ref, "k"),
            box.delete(ref, "k"),
            box.delete_many(ref, ["k"]),
            box.delete_all_revisions(ref, "k"),
            box.restore(ref, "k", 0),
            box.undelete(ref, "k"),
            box.set_tags(ref, "k", {}),
            box.copy(ref, "k", "box", "other"),
            box.copy("box", "k", ref, "other"),
            box.move("box", "k", ref, "other"),
            box.start_upload(ref, "k"),
            box.list_uploads(ref),
            box.usage(ref),
            box.delete_bucket(ref),
            box.delete_bucket(ref, force=True),
        ):
            with pytest.raises(BucketNotFound):
                await call
        assert await names(box) == ["k"]

    @needs("versions", "uploads")
    async def test_a_bucket_that_holds_anything_is_kept(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        with pytest.raises(BucketNotEmpty) as caught:
            await box.delete_bucket("box")
        assert caught.value.usage.blobs == 1
        await box.delete("box", "k")
        with pytest.raises(BucketNotEmpty):
            await box.delete_bucket("box")
        await box.start_upload("flat", "k")
        with pytest.raises(BucketNotEmpty):
            await box.delete_bucket("flat")
        assert await fetch(box, "k", revision=0) == SMALL

    async def test_an_empty_bucket_goes(self, box: Backend) -> None:
        await box.put("flat", "k", LARGE)
        await box.delete("flat", "k")
        await box.delete_bucket("flat")
        with pytest.raises(BucketNotFound):
            await box.get_bucket("flat")

    @needs("versions", "uploads")
    async def test_by_force_a_bucket_goes_with_everything(self, box: Backend) -> None:
        for number in range(60):
            await box.put("box", f"{number % 30}", b"%d" % number)
        await box.put("box", "large", LARGE)
        await box.delete("box", "0")
        for key in ("a", "b"):
            await (await box.start_upload("box", key)).part(1, LARGE)
        await box.copy("box", "large", "flat", "copy")
        await box.delete_bucket("box", force=True)
        with pytest.raises(BucketNotFound):
            await box.get_bucket("box")
        await self.settle(box)
        assert await fetch(box, "copy", bucket="flat") == LARGE

    async def test_a_bucket_of_the_same_name_begins_anew(self, box: Backend) -> None:
        old = await box.get_bucket("flat")
        await box.put("flat", "k", SMALL)
        await box.delete_bucket("flat", force=True)
        new = await box.create_bucket("flat", versioning=Versioning.OFF)
        assert new.id != old.id
        assert await names(box, "flat") == []

    async def test_public_access(self, box: Backend) -> None:
        assert (await box.set_public_access("box", True)).public_access
        assert (await box.get_bucket("box")).public_access
        assert not (await box.set_public_access("box", False)).public_access

    @needs("versions")
    async def test_versioning_is_turned_on_and_suspended_and_never_off(self, box: Backend) -> None:
        for wanted in (Versioning.SUSPENDED, Versioning.ENABLED):
            assert (await box.set_versioning("box", wanted)).versioning is wanted
            assert (await box.get_bucket("box")).versioning is wanted
        with pytest.raises(Conflict):
            await box.set_versioning("box", Versioning.OFF)
        assert (await box.set_versioning("flat", Versioning.OFF)).versioning is Versioning.OFF
