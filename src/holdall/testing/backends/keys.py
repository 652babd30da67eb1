"""Keys are opaque and byte-exact on every path."""

from __future__ import annotations

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import InvalidArgument, InvalidKey
from holdall.testing.backends.box import SMALL, BoxTests, fetch, names, needs

ODD_KEYS = (
    *("..", ".", "./x", "../x", "a/../b", "a/./b", "x/.", "x/.."),
    *("/", "//", "///", "/a", "//a", "a/", "a//", "a//b", "a///b"),
    *("\0", "a\0b", "\n", "\r\n", "\t", "\x1b[31m", "\x7f", " ", " a ", "\\", "a\\b"),
    *("%", "%2F", "%2e%2e", "+", "?x#y", "*", "[a]", "'", '"', "`$(x)`", "_%", "CON", "~"),
    *("\u00e9", "e\u0301", "\u65e5\u672c", "\u202e", "\ufeff", "\uffff", "\U0001f600"),
    *("A", "a", "\u0130", "k" * 1024, "\u00e9" * 512, "\U0001f600" * 256),
)
NO_KEYS = ("", "k" * 1025, "\u00e9" * 513, "\ud800", "a\udfffb")


class KeyTests(BoxTests):
    @needs("any_key")
    async def test_any_key_works_byte_for_byte(self, box: Backend) -> None:
        for key in ODD_KEYS:
            await box.put("box", key, key.encode())
        assert await names(box) == sorted(ODD_KEYS, key=str.encode)
        for key in ODD_KEYS:
            assert await fetch(box, key) == key.encode()
            assert (await box.head("box", key)).key == key
            assert (await box.copy("box", key, "flat", key)).key == key
            page = await box.list("box", prefix=key, limit=1)
            assert [entry.key for entry in page.entries] == [key]  # type: ignore[union-attr]
        assert await names(box, "flat") == sorted(ODD_KEYS, key=str.encode)
        deleted = await box.delete_many("box", ODD_KEYS)
        assert [deletion.key for deletion in deleted] == list(ODD_KEYS)
        assert await names(box) == []

    @needs("any_key", "versions", "uploads")
    async def test_any_key_has_a_history_and_uploads(self, box: Backend) -> None:
        for key in ("..", "//", "\0", "a/", "\U0001f600"):
            await box.put("box", key, b"old")
            await box.delete("box", key)
            assert (await box.undelete("box", key)).key == key
            upload = await box.start_upload("box", key)
            await upload.part(1, key.encode())
            assert [u.key for u in await box.list_uploads("box")] == [key]
            await (await box.resume_upload("box", key, upload.id)).complete()
            assert await fetch(box, key) == key.encode()
            assert await fetch(box, key, revision=0) == b"old"
            assert await box.delete_all_revisions("box", key) == 4
        assert await names(box) == []

    async def test_what_is_no_key(self, box: Backend) -> None:
        await box.put("box", "k", SMALL)
        for key in NO_KEYS:
            for call in (
                box.put("box", key, SMALL),
                box.open("box", key),
                box.head("box", key),
                box.delete("box", key),
                box.copy("box", "k", "box", key),
                box.move("box", "k", "box", key),
                box.revisions("box", key),
                box.start_upload("box", key),
            ):
                with pytest.raises(InvalidKey):
                    await call
        assert await names(box) == ["k"]

    async def test_what_is_no_text(self, box: Backend) -> None:
        for call in (
            box.list("box", prefix="\ud800"),
            box.list("box", delimiter="\ud800"),
            box.list("box", after="\ud800"),
        ):
            with pytest.raises(InvalidArgument):
                await call
