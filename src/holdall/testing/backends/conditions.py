"""Conditional writes are decided where the write is: nobody comes in between."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import PreconditionFailed
from holdall.core.values import CopyOptions, Precondition, PutOptions, Revision
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, needs, numbers

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

        some = Precondition(if_match="*")
        await refused(some, Precondition(if_match="x"), Precondition(expect=0))
        first = await put(Precondition(if_none_match="*"))
        await refused(
            Precondition(if_none_match="*"),
            Precondition(if_none_match=first.etag),
            Precondition(if_match="x"),
            Precondition(if_match=first.etag, expect=1),
        )
        second = await put(Precondition(if_match=first.etag, expect=0))
        await refused(Precondition(if_match=first.etag), Precondition(expect=0))
        await put(Precondition(expect=second.number))
        await put(Precondition(if_none_match=first.etag))
        await put(some)
        assert await numbers(box, "k") == [4, 3, 2, 1, 0]
        await box.delete("box", "k")
        await refused(some)
        await put(Precondition(if_none_match="*"))

    @needs("conditional_delete", "versions")
    async def test_conditions_of_a_deletion(self, box: Backend) -> None:
        first = await box.put("box", "k", SMALL)
        second = await box.put("box", "k", LARGE)
        for condition in (Precondition(if_match=first.etag), Precondition(expect=first.number)):
            for revision in (None, 0):
                with pytest.raises(PreconditionFailed):
                    await box.delete("box", "k", revision=revision, precondition=condition)
        assert await numbers(box, "k") == [1, 0]
        await box.delete("box", "k", precondition=Precondition(if_match=second.etag))
        with pytest.raises(PreconditionFailed):
            await box.delete("box", "k", precondition=Precondition(if_match="*"))

    @needs("conditional_put")
    async def test_conditions_of_a_copy(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        only_new = CopyOptions(precondition=Precondition(if_none_match="*"))
        await box.copy("box", "k", "box", "to", options=only_new)
        await box.put("box", "k", LARGE)
        with pytest.raises(PreconditionFailed):
            await box.copy("box", "k", "box", "to", options=only_new)
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
        assert len(await numbers(box, "k")) == 1

    @needs("conditional_put")
    @pytest.mark.parametrize("by", ["number", "etag"])
    async def test_a_counter_loses_nothing(self, box: Backend, by: str) -> None:
        await box.put("box", "n", b"0")

        async def add() -> None:
            added = False
            while not added:
                added = await try_to_add()

        async def try_to_add() -> bool:
            async with await box.open("box", "n") as reading:
                value, seen = int(await reading.read()), reading.revision
            if by == "number":
                condition = Precondition(expect=seen.number)
            else:
                condition = Precondition(if_match=seen.etag)
            try:
                options = PutOptions(precondition=condition)
                await box.put("box", "n", b"%d" % (value + 1), options=options)
            except PreconditionFailed:
                return False
            return True

        await asyncio.gather(*(add() for _ in range(20)))
        assert await fetch(box, "n") == b"20"
