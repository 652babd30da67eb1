"""Conditional writes are decided where the write is: nobody comes in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import PreconditionFailed
from holdall.core.values import CopyOptions, Precondition, PutOptions, Revision, SourceCondition
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs, numbers

ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"))


class ConditionTests(BoxTests):
    @needs("conditional_put", "versions")
    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_conditions_of_a_put(self, box: Backend, data: bytes) -> None:
        async def put(condition: Precondition) -> Revision:
            return await box.put("box", "k", data, options=PutOptions(precondition=condition))

        async def refused(*conditions: Precondition) -> None:
            for condition in conditions:
                with pytest.raises(PreconditionFailed) as caught:
                    await put(condition)
                assert (caught.value.bucket, caught.value.key) == ("box", "k")

        some, new = Precondition(if_match="*"), Precondition(if_none_match="*")
        await refused(some, Precondition(if_match="x"))
        first = await put(new)
        await refused(new, Precondition(if_match="x"))
        await put(Precondition(if_match=first.etag))
        await box.put("box", "k", b"another", options=PutOptions(precondition=some))
        await refused(Precondition(if_match=first.etag))
        await put(some)
        assert len(await box.revisions("box", "k")) == 4
        await box.delete("box", "k")
        await refused(some)
        await put(new)

    @needs("conditional_put", "numbered")
    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_conditions_of_numbers_and_of_other_tags(self, box: Backend, data: bytes) -> None:
        async def put(condition: Precondition) -> Revision:
            return await box.put("box", "k", data, options=PutOptions(precondition=condition))

        async def refused(*conditions: Precondition) -> None:
            for condition in conditions:
                with pytest.raises(PreconditionFailed):
                    await put(condition)

        await refused(Precondition(expect=0))
        first = await put(Precondition(if_none_match="x"))
        await refused(
            Precondition(if_none_match=first.etag), Precondition(if_match=first.etag, expect=1)
        )
        met = PutOptions(precondition=Precondition(if_match=first.etag, expect=0))
        second = await box.put("box", "k", data + b"!", options=met)
        await refused(Precondition(if_match=first.etag), Precondition(expect=0))
        await put(Precondition(expect=second.number))
        await put(Precondition(if_none_match=second.etag))
        assert await numbers(box, "k") == [3, 2, 1, 0]

    @needs("conditional_delete", "versions")
    async def test_conditions_of_a_deletion(self, box: Backend) -> None:
        first = await box.put("box", "k", SMALL)
        second = await box.put("box", "k", LARGE)
        with pytest.raises(PreconditionFailed):
            await box.delete("box", "k", precondition=Precondition(if_match=first.etag))
        assert len(await box.revisions("box", "k")) == 2
        await box.delete("box", "k", precondition=Precondition(if_match=second.etag))
        for condition in (Precondition(if_match="*"), Precondition(if_match=second.etag)):
            with pytest.raises(PreconditionFailed):
                await box.delete("box", "k", precondition=condition)
        assert len(await box.revisions("box", "k")) == 2 + box.capabilities.markers

    @needs("conditional_delete", "numbered")
    async def test_conditions_of_a_removal(self, box: Backend) -> None:
        first = await box.put("box", "k", SMALL)
        second = await box.put("box", "k", LARGE)
        for condition in (Precondition(if_match=first.etag), Precondition(expect=first.number)):
            for revision in (None, 0):
                with pytest.raises(PreconditionFailed):
                    await box.delete("box", "k", revision=revision, precondition=condition)
        assert await numbers(box, "k") == [1, 0]
        await box.delete("box", "k", revision=0, precondition=Precondition(if_match=second.etag))
        assert await numbers(box, "k") == [1]

    @needs("conditional_copy")
    async def test_conditions_of_a_copy(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        only_new = CopyOptions(precondition=Precondition(if_none_match="*"))
        await box.copy("box", "k", "box", "to", options=only_new)
        await box.put("box", "k", LARGE)
        with pytest.raises(PreconditionFailed):
            await box.copy("box", "k", "box", "to", options=only_new)
        assert await fetch(box, "to") == SMALL

    async def test_conditions_of_the_source_of_a_copy(self, box: Backend) -> None:
        made = await box.put("box", "k", SMALL)
        before, after = (made.created_at + timedelta(hours=hours) for hours in (-1, 1))

        async def copy(**condition: object) -> None:
            source = SourceCondition(**condition)  # type: ignore[arg-type]
            await box.copy("box", "k", "box", "to", options=CopyOptions(source=source))

        for refused in (
            {"if_match": "x"},
            {"if_none_match": "*"},
            {"if_none_match": made.etag},
            {"if_unmodified_since": before},
            {"if_modified_since": after},
        ):
            with pytest.raises(PreconditionFailed):
                await copy(**refused)
        assert await names(box) == ["k"]
        for met in (
            {"if_match": made.etag, "if_unmodified_since": before},
            {"if_none_match": "x", "if_modified_since": after},
            {"if_unmodified_since": after},
            {"if_modified_since": before},
        ):
            await copy(**met)
        assert await fetch(box, "to") == SMALL

    @needs("conditional_put", "uploads")
    async def test_conditions_of_an_upload(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        await upload.part(1, LARGE)
        await box.put("box", "k", SMALL)
        with pytest.raises(PreconditionFailed):
            await upload.complete(precondition=Precondition(if_none_match="*"))
        assert await fetch(box, "k") == SMALL
        await upload.complete(precondition=Precondition(if_match="*"))
        assert await fetch(box, "k") == LARGE

    @needs("conditional_put")
    @pytest.mark.parametrize(("data", "tasks"), [(SMALL, 50), (LARGE, 20)], ids=["small", "large"])
    async def test_one_of_many_creators_wins(self, box: Backend, data: bytes, tasks: int) -> None:
        calls = [box.put("box", "k", data + b"%d" % n, options=ONLY_NEW) for n in range(tasks)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        won = [n for n, result in enumerate(results) if isinstance(result, Revision)]
        assert len(won) == 1
        assert sum(isinstance(result, PreconditionFailed) for result in results) == tasks - 1
        assert await fetch(box, "k") == data + b"%d" % won[0]
        assert len(await box.revisions("box", "k")) == 1

    @needs("conditional_put")
    async def test_a_counter_loses_nothing(self, box: Backend) -> None:
        await count(box, lambda seen: Precondition(if_match=seen.etag))

    @needs("conditional_put", "numbered")
    async def test_a_counter_by_number_loses_nothing(self, box: Backend) -> None:
        await count(box, lambda seen: Precondition(expect=seen.number))


async def count(box: Backend, unless_changed: Callable[[Revision], Precondition]) -> None:
    """Twenty tasks add one each to what they read, until it was what they had read."""
    await box.put("box", "n", b"0")

    async def add() -> None:
        while not await try_to_add():
            pass

    async def try_to_add() -> bool:
        async with await box.open("box", "n") as reading:
            value, seen = int(await reading.read()), reading.revision
        try:
            options = PutOptions(precondition=unless_changed(seen))
            await box.put("box", "n", b"%d" % (value + 1), options=options)
        except PreconditionFailed:
            return False
        return True

    await asyncio.gather(*(add() for _ in range(20)))
    assert await fetch(box, "n") == b"20"
