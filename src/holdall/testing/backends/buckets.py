"""Buckets: their names, their settings, and when one may go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

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

COMMON_NAMES = ("abc", "0-9", "a-b", "a" * 63)
OUR_NAMES = ("a", "0", "a-b_c.d")
BAD_NAMES = ("", "A", "é", "a b", "a..b", "-a", "a.", "1.2.3.4", "a" * 64, "a/b", "xn--a", "\0")
GHOST = "B" + "0" * 25

Call = Callable[[Backend, str], Awaitable[object]]

CALLS: tuple[tuple[str, Call], ...] = (
    ("public_access", lambda box, ref: box.set_public_access(ref, True)),
    ("versions", lambda box, ref: box.set_versioning(ref, Versioning.ENABLED)),
    ("versions", lambda box, ref: box.restore(ref, "k", 0)),
    ("versions", lambda box, ref: box.undelete(ref, "k")),
    ("uploads", lambda box, ref: box.start_upload(ref, "k")),
    ("uploads", lambda box, ref: box.list_uploads(ref)),
    ("credentials", lambda box, ref: box.temporary_credentials(ref)),
    ("atomic_move", lambda box, ref: box.move("box", "k", ref, "other")),
)
"""What only some backends can do, and they only where there is a bucket."""


class BucketTests(BoxTests):
    async def test_buckets_are_made_found_and_listed(self, backend: Backend) -> None:
        made = await backend.create_bucket("photos", versioning=Versioning.OFF)
        assert (made.name, made.versioning) == ("photos", Versioning.OFF)
        assert not made.public_access
        assert made == await backend.get_bucket("photos") == await backend.get_bucket(made.id)
        assert made == await backend.get_bucket(f"{made.owner}/photos")
        other = await backend.create_bucket("attic", versioning=Versioning.OFF)
        assert [record async for record in backend.list_buckets()] == [other, made]

    async def test_every_way_of_naming_a_bucket_works_everywhere(self, box: Backend) -> None:
        named = await box.get_bucket("flat")
        await box.put(f"{named.owner}/box", "k", SMALL)
        await box.copy("box", "k", f"{named.owner}/flat", "copy")
        assert await fetch(box, "k", bucket=f"{named.owner}/box") == SMALL
        assert await fetch(box, "copy", bucket=named.id) == SMALL

    @needs("bucket_ids")
    async def test_a_bucket_without_a_name_works_everywhere(self, box: Backend) -> None:
        made = await box.create_bucket(None, versioning=Versioning.OFF)
        assert made.name is None
        await box.put(made.id, "k", SMALL)
        await box.copy(made.id, "k", "flat", "copy")
        assert await fetch(box, "k", bucket=made.id) == SMALL
        found = [record.name async for record in box.list_buckets()]
        assert found == ["box", "flat", None]

    @needs("bucket_ids")
    async def test_unnamed_buckets_are_many(self, backend: Backend) -> None:
        made = [await backend.create_bucket(None, versioning=Versioning.OFF) for _ in range(3)]
        assert len({record.id for record in made}) == 3

    async def test_a_name_is_taken(self, box: Backend) -> None:
        await box.put("flat", "k", SMALL)
        with pytest.raises(BucketExists):
            await box.create_bucket("flat", versioning=Versioning.OFF)
        assert await names(box, "flat") == ["k"]

    @needs("one_winner")
    async def test_a_name_is_taken_once(self, backend: Backend) -> None:
        calls = [backend.create_bucket("one", versioning=Versioning.OFF) for _ in range(10)]
        made = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, BucketRecord) for result in made) == 1
        assert sum(isinstance(result, BucketExists) for result in made) == 9

    async def test_names_that_every_bucket_may_have(self, backend: Backend) -> None:
        await assert_names(backend, COMMON_NAMES)

    @needs("any_bucket_name")
    async def test_names_that_our_buckets_may_have(self, backend: Backend) -> None:
        await assert_names(backend, OUR_NAMES)

    async def test_names_that_no_bucket_may_have(self, backend: Backend) -> None:
        for name in BAD_NAMES:
            with pytest.raises(InvalidBucketName):
                await backend.create_bucket(name, versioning=Versioning.OFF)
        assert [record.name async for record in backend.list_buckets()] == []

    @pytest.mark.parametrize("ref", ["no", "box/no", "somebody/box", GHOST])
    async def test_a_bucket_that_is_not_there(self, box: Backend, ref: str) -> None:
        await box.put("box", "k", SMALL)
        for call in (
            box.get_bucket(ref),
            *(call(box, ref) for able, call in CALLS if getattr(box.capabilities, able)),
            box.put(ref, "k", SMALL),
            box.put(ref, "k", LARGE),
            box.open(ref, "k"),
            box.head(ref, "k"),
            box.list(ref),
            box.revisions(ref, "k"),
            box.delete(ref, "k"),
            box.delete_many(ref, ["k"]),
            box.delete_all_revisions(ref, "k"),
            box.set_tags(ref, "k", {}),
            box.copy(ref, "k", "box", "other"),
            box.copy("box", "k", ref, "other"),
            box.usage(ref),
            box.delete_bucket(ref),
            box.delete_bucket(ref, force=True),
        ):
            with pytest.raises(BucketNotFound):
                await call
        assert await names(box) == ["k"]

    @needs("versions")
    async def test_a_bucket_that_holds_anything_is_kept(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        with pytest.raises(BucketNotEmpty):
            await box.delete_bucket("box")
        await box.delete("box", "k")
        with pytest.raises(BucketNotEmpty):
            await box.delete_bucket("box")
        assert await fetch(box, "k", revision=0) == SMALL

    @needs("kept_usage", "uploads")
    async def test_what_keeps_a_bucket_is_said(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        with pytest.raises(BucketNotEmpty) as caught:
            await box.delete_bucket("box")
        assert caught.value.usage.blobs == 1
        await box.start_upload("flat", "k")
        with pytest.raises(BucketNotEmpty):
            await box.delete_bucket("flat")

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
        await box.put("flat", "k", SMALL)
        await box.delete_bucket("flat", force=True)
        await box.create_bucket("flat", versioning=Versioning.OFF)
        assert await names(box, "flat") == []

    @needs("bucket_ids")
    async def test_a_bucket_of_the_same_name_is_another(self, box: Backend) -> None:
        old = await box.get_bucket("flat")
        await box.delete_bucket("flat")
        assert (await box.create_bucket("flat", versioning=Versioning.OFF)).id != old.id

    @needs("public_access")
    async def test_public_access(self, box: Backend) -> None:
        assert (await box.set_public_access("box", True)).public_access
        assert (await box.get_bucket("box")).public_access
        assert not (await box.set_public_access("box", False)).public_access

    @needs("credentials")
    async def test_credentials_for_one_bucket(self, box: Backend) -> None:
        record = await box.get_bucket("box")
        access = await box.temporary_credentials(record.id)
        assert access.bucket == record.id
        assert access.fields["bucket_name"] == "box"
        assert not [
            each for each in access.fields.values() if len(each) > 20 and each in f"{access}"
        ]

    @needs("versions")
    async def test_versioning_is_never_turned_off(self, box: Backend) -> None:
        with pytest.raises(Conflict):
            await box.set_versioning("box", Versioning.OFF)
        assert (await box.get_bucket("box")).versioning is Versioning.ENABLED
        assert (await box.set_versioning("flat", Versioning.OFF)).versioning is Versioning.OFF
        enabled = await box.set_versioning("flat", Versioning.ENABLED)
        assert enabled.versioning is Versioning.ENABLED
        assert enabled in [record async for record in box.list_buckets()]

    @needs("versions", "suspension")
    async def test_versioning_is_suspended_and_turned_on_again(self, box: Backend) -> None:
        for wanted in (Versioning.SUSPENDED, Versioning.ENABLED):
            assert (await box.set_versioning("box", wanted)).versioning is wanted
            assert (await box.get_bucket("box")).versioning is wanted


async def assert_names(backend: Backend, good: Sequence[str]) -> None:
    for name in good:
        await backend.create_bucket(name, versioning=Versioning.OFF)
    assert [record.name async for record in backend.list_buckets()] == sorted(good)
