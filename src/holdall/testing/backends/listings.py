"""Listings against a model that sorts a set of keys in memory."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import HistoryGone, InvalidArgument
from holdall.core.values import CommonPrefix, Revision, Versioning
from holdall.testing.backends.box import SMALL, BoxTests, name_of, names, needs

LETTERS = ("a", "b", "/", "\u00e9", " ", "\ue000", "\U0001f600")
ODD_LETTERS = (*LETTERS, "\0")
DELIMITERS = ("", "/", "//", "b", "\u00e9/", "\0")


def expected(keys: Iterable[str], prefix: str, delimiter: str, after: str = "") -> list[str]:
    """What the protocol says that a listing shows."""
    skipped = after if after and _shown(after, prefix, delimiter) == after else None
    shown = dict.fromkeys(
        _shown(key, prefix, delimiter)
        for key in sorted(keys, key=str.encode)
        if key.startswith(prefix) and key.encode() > after.encode()
    )
    hides = skipped is not None and delimiter and skipped[len(prefix) :].endswith(delimiter)
    return [name for name in shown if not (hides and name == skipped)]


def _shown(key: str, prefix: str, delimiter: str) -> str:
    rest = key[len(prefix) :]
    if delimiter and delimiter in rest:
        return prefix + rest[: rest.index(delimiter) + len(delimiter)]
    return key


def some_keys(box: Backend, chance: random.Random, count: int) -> list[str]:
    """Keys that share much, so that prefixes and delimiters meet something."""
    letters = ODD_LETTERS if box.capabilities.any_key else LETTERS
    count = count if box.capabilities.cheap_pages else count // 3
    made = {"".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(count)}
    return sorted(made)


class ListingTests(BoxTests):
    @needs("nested_keys")
    async def test_listings_are_in_byte_order(self, box: Backend) -> None:
        beyond = "\uffff" if box.capabilities.any_key else "\ue000"  # in UTF-16, not in UTF-8
        keys = ["a", "a/", "a/b", "a0", "b", "\u00e9", "z", "\U0001f600", beyond, "A"]
        for key in keys:
            await box.put("box", key, SMALL)
        assert await names(box) == sorted(keys, key=str.encode)
        assert await names(box, limit=3) == sorted(keys, key=str.encode)
        assert await names(box, prefix="a") == ["a", "a/", "a/b", "a0"]
        assert await names(box, prefix="\u00e9") == ["\u00e9"]
        assert await names(box, prefix="nobody") == []
        assert await names(box, "flat") == []

    async def test_limits(self, box: Backend) -> None:
        for number in range(5):
            await box.put("box", f"{number}", SMALL)
        for limit, after in ((4, "3"), (5, None), (6, None)):
            page = await box.list("box", limit=limit)
            assert (len(page.entries), page.after) == (min(limit, 5), after)
        for limit in (0, -1, 10_001):
            with pytest.raises(InvalidArgument):
                await box.list("box", limit=limit)

    @needs("nested_keys")
    @pytest.mark.parametrize("seed", range(2))
    async def test_any_listing_of_any_keys(self, box: Backend, seed: int) -> None:
        chance = random.Random(seed)
        keys = some_keys(box, chance, 150)
        await asyncio.gather(*(box.put("box", key, b"") for key in keys))
        for _ in range(60):
            prefix = chance.choice(["", "a", "/", "\u00e9", chance.choice(keys)[:2]])
            delimiter, limit = chance.choice(DELIMITERS), chance.choice([1, 2, 7, 1000])
            found = await names(box, prefix=prefix, delimiter=delimiter, limit=limit)
            assert found == expected(keys, prefix, delimiter), (prefix, delimiter, limit)

    @needs("nested_keys")
    @pytest.mark.parametrize("seed", range(2))
    async def test_any_listing_after_anything(self, box: Backend, seed: int) -> None:
        chance = random.Random(seed)
        keys = some_keys(box, chance, 80)
        await asyncio.gather(*(box.put("box", key, b"") for key in keys))
        for _ in range(120):
            prefix, delimiter = chance.choice(["", "a", "/"]), chance.choice(DELIMITERS)
            shown = expected(keys, prefix, delimiter)
            after = chance.choice([*keys, *shown, *some_keys(box, chance, 3)])
            page = await box.list("box", prefix=prefix, delimiter=delimiter, after=after)
            assert [name_of(entry) for entry in page.entries] == expected(
                keys, prefix, delimiter, after
            ), (prefix, delimiter, after)

    async def test_after_a_common_prefix_and_after_a_key_below_it(self, box: Backend) -> None:
        for key in ("a", "b/1", "b/2", "c"):
            await box.put("box", key, SMALL)

        async def after(name: str, prefix: str = "") -> list[str]:
            page = await box.list("box", prefix=prefix, delimiter="/", after=name)
            return [name_of(entry) for entry in page.entries]

        assert await after("") == ["a", "b/", "c"]
        assert await after("b/") == ["c"], "all of it was shown"
        assert await after("b/1") == ["b/", "c"], "there is more of it"
        assert await after("b/2") == ["c"]
        assert await after("b/", prefix="b/") == ["b/1", "b/2"]

    async def test_what_is_under_a_prefix_is_shown_once(self, box: Backend) -> None:
        for number in range(30):
            await box.put("box", f"deep/{number:02}/x", SMALL)
        page = await box.list("box", delimiter="/", limit=1)
        assert (page.entries, page.after) == ((CommonPrefix("deep/"),), None)

    @needs("versions")
    async def test_what_was_deleted_is_not_listed(self, box: Backend) -> None:
        for number in range(30):
            await box.put("box", f"d/{number:02}", SMALL)
        await box.delete_many("box", [f"d/{number:02}" for number in range(29)])
        assert await names(box) == ["d/29"]
        assert await names(box, delimiter="/") == ["d/"]
        await box.delete("box", "d/29")
        assert await names(box, delimiter="/") == []

    @needs("time_travel", "versions", "atomic_move")
    async def test_the_bucket_as_it_was(self, box: Backend) -> None:
        first = await box.put("box", "a", b"0")
        second = await box.put("box", "b", b"0")
        third = await box.put("box", "a", b"11")
        moved = await box.move("box", "b", "box", "c")

        async def sizes(at: datetime) -> dict[str, int]:
            page = await box.list("box", at=at)
            return {e.key: e.size for e in page.entries if isinstance(e, Revision)}

        assert await sizes(first.created_at) == {"a": 1}
        assert await sizes(second.created_at) == {"a": 1, "b": 1}
        assert await sizes(third.created_at) == {"a": 2, "b": 1}
        assert await sizes(moved.created_at) == {"a": 2, "c": 1}, "a move happens at one time"
        assert await sizes(moved.created_at + timedelta(days=1)) == {"a": 2, "c": 1}
        with pytest.raises(InvalidArgument):
            await box.list("box", at=first.created_at.replace(tzinfo=None))

    @needs("time_travel", "versions")
    async def test_a_time_that_is_forgotten(self, box: Backend) -> None:
        first = await box.put("box", "a", b"0")
        second = await box.put("box", "a", b"11")
        third = await box.put("box", "b", b"0")
        with pytest.raises(HistoryGone):
            await box.list("box", at=first.created_at - timedelta(days=1))
        await box.delete("box", "a", revision=0)
        with pytest.raises(HistoryGone) as caught:
            await box.list("box", at=first.created_at)
        assert caught.value.floor is not None
        for moment in (second, third):
            assert (await box.list("box", at=moment.created_at)).entries
        flat = await box.put("flat", "a", b"0")
        with pytest.raises(HistoryGone):
            await box.list("flat", at=flat.created_at)
        await box.set_versioning("flat", Versioning.ENABLED)
        with pytest.raises(HistoryGone):
            await box.list("flat", at=flat.created_at)
        later = await box.put("flat", "b", b"0")
        assert len((await box.list("flat", at=later.created_at)).entries) == 2

    @needs("time_travel", "versions")
    async def test_any_listing_of_the_past(self, box: Backend) -> None:
        chance = random.Random(3)
        held: set[str] = set()
        moments: list[tuple[datetime, set[str]]] = []
        for key in some_keys(box, chance, 60) * 2:
            made = await (box.delete if key in held else _put(box))("box", key)
            held ^= {key}
            assert made is not None
            moments.append((made.created_at, set(held)))
        for time, then in chance.sample(moments, 30):
            prefix, delimiter = chance.choice(["", "a", "/"]), chance.choice(DELIMITERS)
            found = await names(box, prefix=prefix, delimiter=delimiter, limit=5, at=time)
            assert found == expected(then, prefix, delimiter)


def _put(box: Backend):  # type: ignore[no-untyped-def]
    return lambda bucket, key: box.put(bucket, key, b"")
