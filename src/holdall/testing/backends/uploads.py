"""Blobs that are sent in parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import (
    BlobNotFound,
    ChecksumMismatch,
    InvalidArgument,
    RevisionNotFound,
    UploadNotFound,
)
from holdall.core.values import Part, Precondition, PutOptions, Revision, Span, Usage
from holdall.testing.backends.box import LARGE, SMALL, BoxTests, fetch, names, needs


class UploadTests(BoxTests):
    @needs("uploads", "small_parts")
    async def test_an_upload(self, box: Backend) -> None:
        said = PutOptions(content_type="a/b", metadata={"m": "\u00e9"}, tags={"t": "1"})
        upload = await box.start_upload("box", "k", options=said)
        await upload.part(7, b"end")
        await upload.part(2, b"replaced")
        part = await upload.part(2, LARGE, checksums={"md5": None})
        assert [(p.number, p.size) for p in await upload.parts()] == [(2, len(LARGE)), (7, 3)]
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        assert await box.usage("box") == Usage()
        again = await box.resume_upload("box", "k", upload.id)
        made = await again.complete([part, 7])
        assert made == await box.head("box", "k")
        assert (made.size, made.content_type) == (len(LARGE) + 3, "a/b")
        assert (made.metadata, made.tags) == ({"m": "\u00e9"}, {"t": "1"})
        assert await fetch(box, "k") == LARGE + b"end"

    @needs("uploads", "uploads_end")
    @pytest.mark.parametrize("end", ["complete", "abort"])
    async def test_an_upload_that_is_over(self, box: Backend, end: str) -> None:
        upload = await box.start_upload("box", "k")
        await upload.part(1, LARGE)
        await (upload.complete() if end == "complete" else upload.abort())
        for call in (
            upload.part(1, SMALL),
            upload.part(1, LARGE),
            upload.copy_part(1, "box", "k") if end == "complete" else upload.parts(),
            upload.complete(),
            upload.abort(),
            upload.parts(),
            box.resume_upload("box", "k", upload.id),
        ):
            with pytest.raises(UploadNotFound):
                await call
        assert list(await box.list_uploads("box")) == []
        assert await names(box) == (["k"] if end == "complete" else [])

    @needs("uploads", "small_parts")
    async def test_an_upload_is_completed_with_what_was_meant(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        with pytest.raises(InvalidArgument):
            await upload.complete()
        mine = await upload.part(1, b"mine")
        await upload.part(2, b"two")
        await upload.part(3, b"three")
        theirs = await upload.part(1, b"theirs")
        wrongs: list[list[Part | int]] = [[mine], [mine, 2], [4], [1, 1], [2, 1], [], [0], [-1]]
        for wrong in wrongs:
            with pytest.raises(InvalidArgument):
                await upload.complete(wrong)
        assert await names(box) == []
        await upload.complete([theirs, 3])
        assert await fetch(box, "k") == b"theirsthree", "what was not chosen is not in it"

    @needs("uploads")
    async def test_what_an_upload_refuses(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        for number in (0, -1, 10_001):
            with pytest.raises(InvalidArgument):
                await upload.part(number, b"")
        await upload.part(10_000, b"")
        for options in (
            PutOptions(checksums={"md5": None}),
            PutOptions(precondition=Precondition(if_none_match="*")),
            PutOptions(content_type="\n"),
            PutOptions(metadata={"a": 1}),  # type: ignore[dict-item]
        ):
            with pytest.raises(InvalidArgument):
                await box.start_upload("box", "k", options=options)
        for key, id in (("k", "no such id"), ("other", upload.id), ("k", "\0"), ("k", "\ud800")):
            with pytest.raises(UploadNotFound):
                await box.resume_upload("box", key, id)
        assert (await upload.complete()).size == 0

    @needs("uploads")
    async def test_a_part_that_fails_is_not_there(self, box: Backend) -> None:
        def broken() -> Iterator[bytes]:
            yield LARGE
            raise RuntimeError("half-way")

        upload = await box.start_upload("box", "k")
        kept = await upload.part(1, LARGE)
        for data in (SMALL, LARGE):
            with pytest.raises(ChecksumMismatch):
                await upload.part(1, data, checksums={"sha256": bytes(32)})
        with pytest.raises(RuntimeError):
            await upload.part(1, broken())
        (held,) = await upload.parts()
        assert (held.number, held.size, held.etag) == (kept.number, kept.size, kept.etag)
        await upload.complete([kept])
        assert await fetch(box, "k") == LARGE

    @needs("uploads")
    async def test_checksums_of_parts(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        first = await upload.part(1, LARGE, checksums={"md5": None, "crc32c": None})
        again = await upload.part(2, LARGE, checksums=dict(first.checksums))
        assert (again.checksums, again.etag) == (first.checksums, first.etag)

    @needs("uploads", "joined_checksums")
    async def test_the_checksum_of_joined_parts(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        for number in (1, 2):
            await upload.part(number, LARGE)
        whole = PutOptions(checksums={"crc32c": None})
        made, put = await upload.complete(), await box.put("box", "w", LARGE * 2, options=whole)
        assert made.checksums.get("crc32c") == put.checksums["crc32c"]

    @needs("uploads", "small_parts")
    async def test_parts_are_sent_at_once(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        pieces = [bytes([number]) * (70_000 if number % 2 else 7) for number in range(1, 31)]
        sent = enumerate(pieces, 1)
        await asyncio.gather(*(upload.part(number, piece) for number, piece in sent))
        await upload.complete()
        assert await fetch(box, "k") == b"".join(pieces)

    @needs("uploads", "one_winner")
    async def test_an_upload_is_completed_once(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        await upload.part(1, LARGE)
        calls = [upload.complete() for _ in range(10)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, Revision) for result in results) == 1
        assert sum(isinstance(result, UploadNotFound) for result in results) == 9

    @needs("uploads", "small_parts")
    async def test_a_blob_of_many_pieces(self, box: Backend) -> None:
        """More pieces than are looked up at once, read whole, in ranges, and while it goes."""
        upload = await box.start_upload("flat", "k")
        pieces = [bytes([n]) * (70_000 if n % 3 else 5) for n in range(1, 41)]
        for number, piece in enumerate(pieces, 1):
            await upload.part(number, piece)
        await upload.complete()
        whole = b"".join(pieces)
        assert await fetch(box, "k", bucket="flat") == whole
        for start, end in (
            *((0, 5), (69_999, 70_011), (70_000, 140_000), (1_000_000, 1_500_000)),
            *((len(whole) - 3, None), (len(whole), None)),
        ):
            async with await box.open("flat", "k", span=Span(start, end)) as reading:
                assert await reading.read() == whole[start:end]
        async with await box.open("flat", "k") as reading:
            first = await anext(aiter(reading))
            await box.delete("flat", "k")
            await self.settle(box)
            assert first + await reading.read() == whole

    @needs("uploads", "small_parts")
    async def test_parts_that_are_ranges_of_blobs(self, box: Backend) -> None:
        await box.put("flat", "from", LARGE)
        await box.put("box", "small", b"old")
        upload = await box.start_upload("box", "k")
        await upload.copy_part(1, "flat", "from", span=Span(10, 300_000))
        await upload.copy_part(2, "flat", "from")
        await upload.copy_part(3, "box", "small", span=Span(1))
        await upload.copy_part(4, "flat", "from", span=Span(262_143, 262_145))
        await box.delete("flat", "from")
        await box.delete("box", "small")
        await self.settle(box)
        await upload.complete()
        expected = LARGE[10:300_000] + LARGE + b"ld" + LARGE[262_143:262_145]
        assert await fetch(box, "k") == expected

    @needs("uploads", "versions", "small_parts")
    async def test_parts_of_old_revisions_and_of_joined_blobs(self, box: Backend) -> None:
        joined = await box.start_upload("box", "joined")
        for number, piece in enumerate((b"one", LARGE, b"three"), 1):
            await joined.part(number, piece)
        await joined.complete()
        await box.put("box", "joined", b"newer")
        upload = await box.start_upload("box", "k")
        whole = b"one" + LARGE + b"three"
        await upload.copy_part(1, "box", "joined", revision=0, span=Span(2, len(LARGE) + 5))
        await upload.copy_part(2, "box", "joined")
        await upload.complete()
        assert await fetch(box, "k") == whole[2 : len(LARGE) + 5] + b"newer"

    @needs("uploads")
    async def test_ranges_that_are_not_there(self, box: Backend) -> None:
        await box.put("box", "from", LARGE)
        upload = await box.start_upload("box", "k")
        for span in (Span(0, len(LARGE) + 1), Span(len(LARGE) + 1), Span(-1, 5), Span(5, 4)):
            with pytest.raises(InvalidArgument):
                await upload.copy_part(1, "box", "from", span=span)
        with pytest.raises(InvalidArgument):
            await upload.copy_part(0, "box", "from")
        with pytest.raises(BlobNotFound):
            await upload.copy_part(1, "box", "never")
        with pytest.raises(RevisionNotFound):
            await upload.copy_part(1, "box", "from", revision=9)
        assert list(await upload.parts()) == []

    @needs("uploads")
    async def test_uploads_are_listed(self, box: Backend) -> None:
        keys = ("b", "a", "b", "c/1", "b", "c/2", "\u00e9", "\U0001f600", "\ufb01")
        started = [(key, (await box.start_upload("box", key)).id) for key in keys]
        ordered = sorted(started, key=lambda pair: (pair[0].encode(), pair[1]))
        assert [(u.key, u.id) for u in await box.list_uploads("box")] == ordered
        paged: list[tuple[str, str]] = []
        after = ("", "")
        while page := await box.list_uploads("box", after=after, limit=2):
            paged += [(upload.key, upload.id) for upload in page]
            after = paged[-1]
        assert paged == ordered
        assert [u.key for u in await box.list_uploads("box", prefix="c/")] == ["c/1", "c/2"]
        assert list(await box.list_uploads("flat")) == []
        with pytest.raises(InvalidArgument):
            await box.list_uploads("box", limit=0)
