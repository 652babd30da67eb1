"""Usage is what is there, after every kind of change."""

from __future__ import annotations

import asyncio

from holdall.backends.protocol import Backend
from holdall.core.values import Usage, Versioning
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, needs


class UsageTests(BoxTests):
    @needs("versions", "atomic_move", "uploads")
    async def test_usage_is_what_is_there(self, box: Backend) -> None:
        async def usage() -> tuple[int, int, int, int, int]:
            held = await box.usage("box")
            return held.blobs, held.bytes, held.revisions, held.revision_bytes, held.markers

        assert await usage() == (0, 0, 0, 0, 0)
        await box.put("box", "k", b"12345")
        await box.put("box", "k", b"123")
        assert await usage() == (1, 3, 2, 8, 0)
        await box.delete("box", "k")
        assert await usage() == (0, 0, 2, 8, 1)
        await box.restore("box", "k", 0)
        assert await usage() == (1, 5, 3, 13, 1)
        await box.copy("box", "k", "box", "c")
        assert await usage() == (2, 10, 4, 18, 1)
        await box.delete("box", "k", revision=3)
        assert await usage() == (1, 5, 3, 13, 1)
        await box.undelete("box", "k")
        assert await usage() == (2, 8, 4, 16, 1)
        await box.move("box", "c", "box", "m")
        assert await usage() == (2, 8, 5, 21, 2)
        await box.set_tags("box", "m", {"a": "b"})
        assert await usage() == (2, 8, 5, 21, 2)
        upload = await box.start_upload("box", "u")
        await upload.part(1, LARGE)
        assert await usage() == (2, 8, 5, 21, 2)
        await upload.complete()
        size = len(LARGE)
        assert await usage() == (3, 8 + size, 6, 21 + size, 2)
        await box.delete_all_revisions("box", "u")
        await box.delete_many("box", ["m", "missing"])
        assert await usage() == (1, 3, 5, 21, 3)

    @needs("versions", "suspension")
    async def test_usage_while_versioning_is_suspended(self, box: Backend) -> None:
        await box.put("box", "k", b"12345")
        await box.set_versioning("box", Versioning.SUSPENDED)
        for data in (b"1", b"12"):
            await box.put("box", "k", data)
        assert await box.usage("box") == Usage(1, 2, 2, 7, 0)
        await box.delete("box", "k")
        assert await box.usage("box") == Usage(0, 0, 1, 5, 1)

    async def test_usage_without_versions(self, box: Backend) -> None:
        for data in (b"12345", LARGE, b"1"):
            await box.put("flat", "k", data)
        assert await box.usage("flat") == Usage(1, 1, 1, 1, 0)
        await box.delete("flat", "k")
        assert await box.usage("flat") == Usage()

    async def test_usage_of_many_at_once(self, box: Backend) -> None:
        await asyncio.gather(*(box.put("flat", f"{n % 40}", SMALL) for n in range(200)))
        held = 40 * len(SMALL)
        assert await box.usage("flat") == Usage(40, held, 40, held, 0)
        assert await box.usage("box") == Usage()
