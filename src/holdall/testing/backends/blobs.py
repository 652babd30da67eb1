"""What is said about a blob, and one that is not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import BlobNotFound, InvalidArgument, RevisionNotFound
from holdall.core.values import Entry, PutOptions, Revision
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, needs

UNICODE = {"n\u00e9": "\u65e5\u672c\0", "\U0001f600": "", "": "empty", "Case": "a", "case": "b"}

SOME = {"large": LARGE, "small": SMALL}


class BlobTests(BoxTests):
    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_what_is_said_about_a_blob(self, box: Backend, data: bytes) -> None:
        options = PutOptions(content_type="text/x-test", metadata=UNICODE, tags={"a": "\u00e9"})
        put = await box.put("box", "k", data, options=options)
        head = await box.head("box", "k")
        async with await box.open("box", "k") as reading:
            opened = reading.revision
        assert put == head == opened
        assert head.content_type == "text/x-test"
        assert (head.metadata, head.tags) == (UNICODE, {"a": "\u00e9"})

    @needs("described_listings")
    async def test_what_a_listing_says_about_a_blob(self, box: Backend) -> None:
        options = PutOptions(content_type="text/x-test", metadata=UNICODE, tags={"a": "\u00e9"})
        puts = [await box.put("box", key, data, options=options) for key, data in SOME.items()]
        assert list((await box.list("box")).entries) == puts

    async def test_what_every_listing_says_about_a_blob(self, box: Backend) -> None:
        puts = [await box.put("box", key, data) for key, data in SOME.items()]
        entries = (await box.list("box")).entries
        assert [_outline(entry) for entry in entries] == [_outline(put) for put in puts]

    async def test_what_was_not_said_is_empty(self, box: Backend) -> None:
        put = await box.put("box", "k", SMALL)
        assert (put.metadata, put.tags, put.is_marker) == ({}, {}, False)
        assert abs(put.created_at - datetime.now(UTC)) < timedelta(hours=1)

    async def test_content_types_are_guessed(self, box: Backend) -> None:
        for data in (SMALL, LARGE):
            assert (await box.put("box", "a.png", data)).content_type == "image/png"
        for data in (b"%PDF-1.7", b"%PDF-1.7" + LARGE):
            assert (await box.put("box", "b", data)).content_type == "application/pdf"
        assert (await box.put("box", "c", b"\0\1\2")).content_type == "application/octet-stream"

    async def test_entity_tags_tell_contents_apart(self, box: Backend) -> None:
        tags = {(await box.put("box", "k", data)).etag for data in (b"a", b"b", LARGE, LARGE[:-1])}
        assert len(tags) == 4
        assert all(tags)

    async def test_what_cannot_be_said(self, box: Backend) -> None:
        for options in (
            PutOptions(metadata={"a": 1}),  # type: ignore[dict-item]
            PutOptions(metadata={1: "a"}),  # type: ignore[dict-item]
            PutOptions(tags={"a": None}),  # type: ignore[dict-item]
            PutOptions(content_type="a\r\nb"),
            PutOptions(content_type="\u00e9/x"),
        ):
            for data in (SMALL, LARGE):
                with pytest.raises(InvalidArgument):
                    await box.put("box", "k", data, options=options)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")

    @needs("versions", "amendable")
    async def test_tags_are_replaced_and_nothing_else(self, box: Backend) -> None:
        said = PutOptions(metadata={"m": "1"}, tags={"old": "1"})
        first = await box.put("box", "k", SMALL, options=said)
        second = await box.put("box", "k", SMALL, options=said)
        await box.set_tags("box", "k", {"new": "\u65e5"})
        await box.set_tags("box", "k", {}, revision=first.version)
        now = await box.head("box", "k")
        then = await box.head("box", "k", revision=first.version)
        assert (now.tags, then.tags) == ({"new": "\u65e5"}, {})
        for changed, before in ((now, second), (then, first)):
            assert (changed.version, changed.etag, changed.created_at) == (
                *(before.version, before.etag, before.created_at),
            )
            assert changed.metadata == {"m": "1"}
        with pytest.raises(InvalidArgument):
            await box.set_tags("box", "k", {"a": 1})  # type: ignore[dict-item]
        with pytest.raises(RevisionNotFound):
            await box.set_tags("box", "k", {}, revision=7)
        marker = await box.delete("box", "k")
        if marker is not None:
            with pytest.raises(RevisionNotFound):
                await box.set_tags("box", "k", {"a": "b"}, revision=marker.version)
        with pytest.raises(BlobNotFound):
            await box.set_tags("box", "k", {"a": "b"})

    async def test_a_blob_that_is_not_there(self, box: Backend) -> None:
        able = box.capabilities.versions
        of_versions = (box.restore("box", "k", 0), box.undelete("box", "k")) if able else ()
        for call in (
            box.head("box", "k"),
            box.head("box", "k", revision=-1),
            box.open("box", "k"),
            box.delete("box", "k"),
            box.delete_all_revisions("box", "k"),
            box.copy("box", "k", "box", "other"),
            box.set_tags("box", "k", {}),
            *of_versions,
        ):
            with pytest.raises(BlobNotFound) as caught:
                await call
            assert (caught.value.bucket, caught.value.key) == ("box", "k")

    async def test_a_blob_is_there_at_once(self, box: Backend) -> None:
        for number in range(50):
            await box.put("box", "k", b"%d" % number)
            assert await fetch(box, "k") == b"%d" % number


def _outline(entry: Entry) -> tuple[str, int, str]:
    assert isinstance(entry, Revision)
    return entry.key, entry.size, entry.etag
