"""The exam that every backend sits: each sentence of the protocol, as a test.

Subclass `BackendTests` and give an async fixture `backend`. What is skipped is skipped
because the backend's `capabilities` say that it cannot do it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import (
    BlobNotFound,
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    ChecksumMismatch,
    Conflict,
    HistoryGone,
    HoldallError,
    InvalidArgument,
    InvalidBucketName,
    InvalidKey,
    PreconditionFailed,
    RevisionNotFound,
    UploadNotFound,
)
from holdall.core.values import (
    CommonPrefix,
    CopyOptions,
    Precondition,
    PutOptions,
    Revision,
    Span,
    Usage,
    Versioning,
)

SMALL, LARGE = b"few bytes", bytes(range(256)) * 4096  # 1 MiB: beyond what a catalog keeps
SIZES = (0, 1, 65_536, 65_537, 262_144, 262_145, 1_048_579)
ODD_KEYS = (
    "..",
    ".",
    "./x",
    "a/../b",
    "//",
    "/",
    "/a",
    "a/",
    "a//b",
    "\0",
    "\n\x1b[31m",
    " ",
    "%2F?x#y",
    "日本/e\u0301",
    "\U0001f600",
    "\uffff",
    "k" * 1024,
)


async def fetch(
    backend: Backend, key: str, *, bucket: str = "box", revision: int | str | None = None
) -> bytes:
    async with await backend.open(bucket, key, revision=revision) as reading:
        return await reading.read()


async def names(backend: Backend, bucket: str = "box", **options: object) -> list[str]:
    """A whole listing, page by page; common prefixes by their prefix."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await backend.list(bucket, after=after, **options)  # type: ignore[arg-type]
        found += [e.prefix if isinstance(e, CommonPrefix) else e.key for e in page.entries]
        after = page.after
    return found


async def numbers(backend: Backend, key: str) -> list[int]:
    return [revision.number for revision in await backend.revisions("box", key)]


class BackendTests:
    """Give a fixture `backend`; it gets buckets of its own, and is empty."""

    @pytest.fixture
    async def box(self, backend: Backend) -> Backend:
        """The backend with a versioned bucket `box` and an unversioned one `flat`."""
        await backend.create_bucket("box")
        await backend.create_bucket("flat", versioning=Versioning.OFF)
        return backend

    # buckets

    async def test_buckets_are_made_found_and_listed(self, backend: Backend) -> None:
        made = await backend.create_bucket("photos")
        assert made.name == "photos"
        assert made == await backend.get_bucket("photos") == await backend.get_bucket(made.id)
        assert made == await backend.get_bucket(f"{made.owner}/photos")
        unnamed = await backend.create_bucket(None)
        assert unnamed.name is None
        await backend.create_bucket("attic")
        found = [record.name async for record in backend.list_buckets()]
        assert found == ["attic", "photos", None]

    async def test_a_name_is_taken_once(self, box: Backend) -> None:
        with pytest.raises(BucketExists):
            await box.create_bucket("box")

    @pytest.mark.parametrize("name", ["", "A", "a..b", "-a", "1.2.3.4", "a" * 64, "a/b"])
    async def test_bad_bucket_names(self, backend: Backend, name: str) -> None:
        with pytest.raises(InvalidBucketName):
            await backend.create_bucket(name)

    async def test_a_bucket_that_is_not_there(self, backend: Backend) -> None:
        for call in (
            backend.get_bucket("no"),
            backend.put("no", "k", SMALL),
            backend.put("no", "k", LARGE),
            backend.head("no", "k"),
            backend.list("no"),
            backend.delete("no", "k"),
            backend.usage("no"),
            backend.delete_bucket("no"),
            backend.start_upload("no", "k"),
        ):
            with pytest.raises(BucketNotFound):
                await call

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
        for bucket in ("box", "flat"):
            await box.delete_bucket(bucket, force=True)
            with pytest.raises(BucketNotFound):
                await box.get_bucket(bucket)

    async def test_settings_of_a_bucket(self, box: Backend) -> None:
        assert (await box.set_public_access("box", True)).public_access
        assert not (await box.set_public_access("box", False)).public_access
        suspended = await box.set_versioning("box", Versioning.SUSPENDED)
        assert suspended.versioning is Versioning.SUSPENDED
        with pytest.raises(Conflict):
            await box.set_versioning("box", Versioning.OFF)

    # keys

    @pytest.mark.parametrize("key", ODD_KEYS, ids=ascii)
    async def test_any_key_works_byte_for_byte(self, box: Backend, key: str) -> None:
        await box.put("box", key, key.encode())
        assert await fetch(box, key) == key.encode()
        assert await names(box) == [key]
        await box.copy("box", key, "flat", key)
        assert await names(box, "flat") == [key]
        await box.delete("box", key)
        assert await names(box) == []

    @pytest.mark.parametrize("key", ["", "k" * 1025, "é" * 513, "\ud800"], ids=ascii)
    async def test_what_is_no_key(self, box: Backend, key: str) -> None:
        for call in (box.put("box", key, SMALL), box.head("box", key), box.delete("box", key)):
            with pytest.raises(InvalidKey):
                await call

    # writing and reading

    @pytest.mark.parametrize("size", SIZES)
    async def test_what_is_put_is_read(self, box: Backend, size: int) -> None:
        data = random.Random(size).randbytes(size)
        stored = await box.put("box", "k", data)
        assert (stored.number, stored.size) == (0, size)
        assert await fetch(box, "k") == data
        assert await box.head("box", "k") == stored
        for start, end in (
            (0, 1),
            (size // 2, size),
            (size - 1, None),
            (size, None),
            (1, size + 9),
        ):
            async with await box.open("box", "k", span=Span(max(start, 0), end)) as reading:
                assert await reading.read() == data[max(start, 0) : end]
                assert reading.span[1] - reading.span[0] == len(data[max(start, 0) : end])

    async def test_sources(self, box: Backend, tmp_path: object) -> None:
        async def stream() -> AsyncIterator[bytes]:
            for at in range(0, len(LARGE), 100_000):
                yield LARGE[at : at + 100_000]

        for source in (LARGE, bytearray(LARGE), memoryview(LARGE), stream(), stream, [LARGE]):
            await box.put("box", "k", source)
            assert await fetch(box, "k") == LARGE

    @pytest.mark.parametrize("before", [SMALL, LARGE], ids=["small", "large"])
    async def test_a_source_that_fails_stores_nothing(self, box: Backend, before: bytes) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield before
            raise RuntimeError("half-way")

        async def text() -> AsyncIterator[object]:
            yield before
            yield "text"

        with pytest.raises(RuntimeError, match="half-way"):
            await box.put("box", "k", broken())
        with pytest.raises(InvalidArgument):
            await box.put("box", "k", text())  # type: ignore[arg-type]
        assert await names(box) == []
        assert (await box.usage("box")) == Usage()

    async def test_what_is_said_about_a_blob(self, box: Backend) -> None:
        options = PutOptions(content_type="text/x-test", metadata={"né": "日本\0"}, tags={"a": "b"})
        await box.put("box", "k", SMALL, options=options)
        head = await box.head("box", "k")
        assert (head.content_type, head.metadata, head.tags) == (
            "text/x-test",
            {"né": "日本\0"},
            {"a": "b"},
        )
        assert (await box.put("box", "a.png", SMALL)).content_type == "image/png"
        assert (await box.put("box", "b", b"%PDF-1.7")).content_type == "application/pdf"
        await box.set_tags("box", "k", {"c": "d"})
        assert (await box.head("box", "k")).tags == {"c": "d"}
        with pytest.raises(InvalidArgument):
            await box.put("box", "k", SMALL, options=PutOptions(metadata={"a": 1}))  # type: ignore[dict-item]
        with pytest.raises(InvalidArgument):
            await box.put("box", "k", SMALL, options=PutOptions(content_type="a\r\nb"))

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_checksums_are_kept_and_demanded(self, box: Backend, data: bytes) -> None:
        wanted = dict.fromkeys(("md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"))
        kept = (await box.put("box", "k", data, options=PutOptions(checksums=wanted))).checksums
        assert set(kept) == set(wanted)
        await box.put("box", "k", data, options=PutOptions(checksums=dict(kept)))
        for name in wanted:
            with pytest.raises(ChecksumMismatch) as caught:
                await box.put("box", "k", data, options=PutOptions(checksums={name: b"wrong"}))
            assert caught.value.algorithm == name
        assert await numbers(box, "k") == [1, 0]

    async def test_a_blob_that_is_not_there(self, box: Backend) -> None:
        for call in (box.head("box", "k"), box.open("box", "k"), box.delete("box", "k")):
            with pytest.raises(BlobNotFound):
                await call

    async def test_a_reading_outlives_its_blob(self, box: Backend) -> None:
        await box.put("flat", "k", LARGE * 9)
        async with await box.open("flat", "k") as reading:
            first = await anext(aiter(reading))
            await box.delete("flat", "k")
            await self.settle(box)
            assert first + await reading.read() == LARGE * 9

    async def settle(self, backend: Backend) -> None:
        """Let what runs behind the scenes run; a backend with a sweeper calls it here."""
        await asyncio.sleep(0.05)

    # revisions

    async def test_history(self, box: Backend) -> None:
        for data in (b"zero", b"one", b"two"):
            await box.put("box", "k", data)
        assert await numbers(box, "k") == [2, 1, 0]
        for wanted, data in (
            (0, b"zero"),
            (-1, b"two"),
            (-2, b"one"),
            (-3, b"zero"),
            (None, b"two"),
        ):
            assert await fetch(box, "k", revision=wanted) == data
        version = (await box.head("box", "k", revision=1)).version
        assert await fetch(box, "k", revision=version) == b"one"
        for missing in (
            3,
            -4,
            "1.0000000000000000",
            "nonsense",
            "",
            2**80,
            -(2**80),
            "f" * 20 + "." + "0" * 16,
        ):
            with pytest.raises(RevisionNotFound):
                await box.head("box", "k", revision=missing)
        assert [r.number for r in await box.revisions("box", "k", after=2, limit=1)] == [1]
        assert await box.revisions("box", "never") == []
        assert [r.is_current for r in await box.revisions("box", "k")] == [True, False, False]

    async def test_a_deletion_keeps_the_past(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        marker = await box.delete("box", "k")
        assert marker is not None
        assert (marker.is_marker, marker.number) == (True, 1)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        with pytest.raises(BlobNotFound):
            await box.delete("box", "k")
        assert await fetch(box, "k", revision=0) == b"zero"
        assert (await box.head("box", "k", revision=1)).is_marker
        with pytest.raises(RevisionNotFound):
            await box.open("box", "k", revision=1)
        assert (await box.undelete("box", "k")).number == 2
        assert await fetch(box, "k") == b"zero"
        with pytest.raises(Conflict):
            await box.undelete("box", "k")
        with pytest.raises(BlobNotFound):
            await box.undelete("box", "never")

    async def test_a_revision_goes_for_good(self, box: Backend) -> None:
        for data in (b"zero", b"one", b"two"):
            await box.put("box", "k", data)
        assert await box.delete("box", "k", revision=1) is None
        assert await numbers(box, "k") == [2, 0]
        await box.delete("box", "k", revision=2)
        assert await fetch(box, "k") == b"zero"
        assert (await box.put("box", "k", b"next")).number == 3
        await box.delete("box", "k", revision=3)
        await box.delete("box", "k", revision=0)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        assert await numbers(box, "k") == []
        assert (await box.put("box", "k", b"anew")).number == 0

    async def test_removing_a_marker_brings_the_blob_back(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        await box.delete("box", "k")
        await box.delete("box", "k", revision=1)
        assert await fetch(box, "k") == b"zero"
        assert await names(box) == ["k"]

    async def test_restore(self, box: Backend) -> None:
        options = PutOptions(metadata={"n": "0"})
        await box.put("box", "k", b"zero", options=options)
        await box.put("box", "k", b"one")
        restored = await box.restore("box", "k", 0)
        assert (restored.number, restored.metadata) == (2, {"n": "0"})
        assert await fetch(box, "k") == b"zero"
        with pytest.raises(RevisionNotFound):
            await box.restore("box", "k", 7)

    async def test_version_ids_never_come_twice(self, box: Backend) -> None:
        seen = set()
        for _ in range(3):
            random.seed(0)
            seen.add((await box.put("flat", "k", SMALL)).version)
            await box.delete("flat", "k")
        assert len(seen) == 3

    async def test_all_revisions_at_once(self, box: Backend) -> None:
        for number in range(1003):
            await box.put("box", "k", b"%d" % number) if number < 3 else None
        assert await box.delete_all_revisions("box", "k") == 3
        assert await numbers(box, "k") == []
        with pytest.raises(BlobNotFound):
            await box.delete_all_revisions("box", "k")

    async def test_without_versions_the_old_content_goes(self, box: Backend) -> None:
        for data in (b"zero", LARGE, b"two"):
            await box.put("flat", "k", data)
        kept = await box.revisions("flat", "k")
        assert [(r.number, r.size) for r in kept] == [(2, 3)]
        assert await box.delete("flat", "k") is None
        assert list(await box.revisions("flat", "k")) == []

    async def test_suspended_versioning_replaces_only_the_null_revision(self, box: Backend) -> None:
        await box.put("box", "k", b"kept")
        await box.set_versioning("box", Versioning.SUSPENDED)
        await box.put("box", "k", b"null")
        await box.put("box", "k", b"null again")
        assert await numbers(box, "k") == [2, 0]
        marker = await box.delete("box", "k")
        assert marker is not None
        assert await numbers(box, "k") == [3, 0]
        await box.set_versioning("box", Versioning.ENABLED)
        await box.put("box", "k", b"numbered")
        await box.put("box", "k", b"numbered")
        assert await numbers(box, "k") == [5, 4, 3, 0]

    # conditions

    async def test_conditions_of_a_put(self, box: Backend) -> None:
        async def put(**condition: object) -> Revision:
            wanted = Precondition(**condition)  # type: ignore[arg-type]
            return await box.put("box", "k", SMALL, options=PutOptions(precondition=wanted))

        for refused in ({"if_match": "*"}, {"if_match": "x"}, {"expect": 0}):
            with pytest.raises(PreconditionFailed):
                await put(**refused)
        first = await put(if_none_match="*")
        for refused in ({"if_none_match": "*"}, {"if_none_match": first.etag}, {"expect": 1}):
            with pytest.raises(PreconditionFailed) as caught:
                await put(**refused)
            assert caught.value.key == "k"
        second = await put(if_match=first.etag)
        await put(expect=second.number)
        await put(if_none_match=first.etag)
        with pytest.raises(PreconditionFailed):
            await box.delete("box", "k", precondition=Precondition(if_match=first.etag))
        await box.delete("box", "k", precondition=Precondition(if_match="*"))
        await put(if_none_match="*")

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_one_of_many_creators_wins(self, box: Backend, data: bytes) -> None:
        only_new = PutOptions(precondition=Precondition(if_none_match="*"))
        calls = [box.put("box", "k", data, options=only_new) for _ in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, Revision) for result in results) == 1
        assert sum(isinstance(result, PreconditionFailed) for result in results) == 19
        assert await numbers(box, "k") == [0]

    async def test_a_counter_loses_nothing(self, box: Backend) -> None:
        await box.put("box", "n", b"0")

        async def add() -> None:
            while True:
                async with await box.open("box", "n") as reading:
                    value, seen = int(await reading.read()), reading.revision.number
                try:
                    wanted = PutOptions(precondition=Precondition(expect=seen))
                    await box.put("box", "n", b"%d" % (value + 1), options=wanted)
                    return
                except PreconditionFailed:
                    await asyncio.sleep(0)

        await asyncio.gather(*(add() for _ in range(20)))
        assert await fetch(box, "n") == b"20"

    async def test_writers_of_one_key_get_a_number_each(self, box: Backend) -> None:
        made = await asyncio.gather(*(box.put("box", "k", b"%d" % n) for n in range(100)))
        assert sorted(revision.number for revision in made) == list(range(100))

    # listings

    async def test_listings_are_in_byte_order(self, box: Backend) -> None:
        keys = ["a", "a/", "a/b", "a0", "b", "é", "z", "\U0001f600", "\uffff", "A"]
        for key in keys:
            await box.put("box", key, SMALL)
        assert await names(box) == sorted(keys, key=str.encode)
        assert await names(box, limit=3) == sorted(keys, key=str.encode)
        assert await names(box, prefix="a") == ["a", "a/", "a/b", "a0"]
        assert await names(box, prefix="é") == ["é"]
        for limit in (0, -1, 10_001):
            with pytest.raises(InvalidArgument):
                await box.list("box", limit=limit)

    @pytest.mark.parametrize("delimiter", ["/", "//", "b"])
    async def test_common_prefixes(self, box: Backend, delimiter: str) -> None:
        chance = random.Random(7)
        keys = {"".join(chance.choices("ab/", k=chance.randint(1, 6))) for _ in range(120)}
        await asyncio.gather(*(box.put("box", key, b"") for key in keys))
        for prefix in ("", "a", "a/", "/", "ab"):
            expected = sorted(
                {
                    prefix + rest[: rest.index(delimiter) + len(delimiter)]
                    if delimiter in rest
                    else key
                    for key in keys
                    if key.startswith(prefix)
                    for rest in (key[len(prefix) :],)
                }
            )
            for limit in (1, 2, 1000):
                found = await names(box, prefix=prefix, delimiter=delimiter, limit=limit)
                assert found == expected

    async def test_what_was_deleted_is_not_listed(self, box: Backend) -> None:
        for number in range(30):
            await box.put("box", f"d/{number:02}", SMALL)
        done = await box.delete_many("box", [f"d/{n:02}" for n in range(29)] + ["missing"])
        assert [bool(deletion.marker) for deletion in done] == [True] * 29 + [False]
        assert await names(box) == ["d/29"]
        assert await names(box, delimiter="/") == ["d/"]
        await box.delete("box", "d/29")
        assert await names(box, delimiter="/") == []

    async def test_the_bucket_as_it_was(self, box: Backend) -> None:
        if not box.capabilities.time_travel:
            pytest.skip("capabilities: no time_travel")
        first = await box.put("box", "a", b"0")
        second = await box.put("box", "b", b"0")
        third = await box.put("box", "a", b"11")
        moved = await box.move("box", "b", "box", "c")

        async def sizes(at: Revision) -> dict[str, int]:
            page = await box.list("box", at=at.created_at)
            return {e.key: e.size for e in page.entries if isinstance(e, Revision)}

        assert await sizes(first) == {"a": 1}
        assert await sizes(second) == {"a": 1, "b": 1}
        assert await sizes(third) == {"a": 2, "b": 1}
        assert await sizes(moved) == {"a": 2, "c": 1}, "a move happens at one time"
        with pytest.raises(HistoryGone):
            await box.list("box", at=first.created_at - timedelta(days=1))
        with pytest.raises(HistoryGone):
            await box.list("flat", at=moved.created_at)
        await box.delete("box", "a", revision=0)
        with pytest.raises(HistoryGone):
            await box.list("box", at=first.created_at)
        assert await sizes(moved) == {"a": 2, "c": 1}

    # copies

    @pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
    async def test_a_copy_stands_on_its_own(self, box: Backend, data: bytes) -> None:
        said = PutOptions(content_type="a/b", metadata={"m": "1"}, tags={"t": "1"})
        await box.put("flat", "k", data, options=said)
        copied = await box.copy("flat", "k", "box", "copy")
        assert (copied.content_type, copied.metadata, copied.tags) == (
            "a/b",
            {"m": "1"},
            {"t": "1"},
        )
        await box.delete("flat", "k")
        await self.settle(box)
        assert await fetch(box, "copy") == data
        changed = CopyOptions(content_type="c/d", metadata={}, tags={})
        other = await box.copy("box", "copy", "box", "copy", options=changed)
        assert (other.number, other.content_type, other.metadata, other.tags) == (1, "c/d", {}, {})

    async def test_a_copy_of_an_old_revision(self, box: Backend) -> None:
        await box.put("box", "k", b"zero")
        await box.put("box", "k", b"one")
        await box.copy("box", "k", "box", "old", revision=0)
        assert await fetch(box, "old") == b"zero"
        only_new = CopyOptions(precondition=Precondition(if_none_match="*"))
        with pytest.raises(PreconditionFailed):
            await box.copy("box", "k", "box", "old", options=only_new)

    async def test_a_move(self, box: Backend) -> None:
        await box.put("box", "k", LARGE)
        await box.move("box", "k", "flat", "there")
        assert await fetch(box, "there", bucket="flat") == LARGE
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        with pytest.raises(InvalidArgument):
            await box.move("flat", "there", "flat", "there")
        assert await fetch(box, "there", bucket="flat") == LARGE

    async def test_an_unversioned_copy_onto_itself_keeps_the_bytes(self, box: Backend) -> None:
        await box.put("flat", "k", LARGE)
        await box.copy("flat", "k", "flat", "k")
        await self.settle(box)
        assert await fetch(box, "k", bucket="flat") == LARGE

    # uploads

    async def test_an_upload(self, box: Backend) -> None:
        said = PutOptions(content_type="a/b", metadata={"m": "1"})
        upload = await box.start_upload("box", "k", options=said)
        await upload.part(7, b"end")
        await upload.part(2, b"replaced")
        part = await upload.part(2, LARGE, checksums={"md5": None})
        assert [p.number for p in await upload.parts()] == [2, 7]
        again = await box.resume_upload("box", "k", upload.id)
        with pytest.raises(BlobNotFound):
            await box.head("box", "k")
        made = await again.complete([part, 7])
        assert (made.size, made.content_type, made.metadata) == (len(LARGE) + 3, "a/b", {"m": "1"})
        assert await fetch(box, "k") == LARGE + b"end"
        for call in (upload.part(1, b""), upload.complete(), upload.abort(), upload.parts()):
            with pytest.raises(UploadNotFound):
                await call

    async def test_an_upload_is_completed_with_what_was_meant(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        mine = await upload.part(1, b"mine")
        await upload.part(1, b"theirs")
        for wrong in ([mine], [2], [1, 1], []):
            with pytest.raises(InvalidArgument):
                await upload.complete(wrong)
        with pytest.raises(InvalidArgument):
            await upload.part(0, b"")
        with pytest.raises(InvalidArgument):
            await box.start_upload("box", "k", options=PutOptions(checksums={"md5": None}))
        await upload.abort()
        assert await box.list_uploads("box") == []

    async def test_a_blob_of_many_pieces(self, box: Backend) -> None:
        """More pieces than one page of spans, read whole, in ranges, and while it goes."""
        upload = await box.start_upload("flat", "k")
        pieces = [bytes([n]) * (70_000 if n % 3 else 5) for n in range(1, 41)]
        for number, piece in enumerate(pieces, 1):
            await upload.part(number, piece)
        await upload.complete()
        whole = b"".join(pieces)
        assert await fetch(box, "k", bucket="flat") == whole
        for start, end in (
            (0, 5),
            (69_999, 70_011),
            (1_000_000, 1_500_000),
            (len(whole) - 3, None),
        ):
            async with await box.open("flat", "k", span=Span(start, end)) as reading:
                assert await reading.read() == whole[start:end]
        async with await box.open("flat", "k") as reading:
            first = await anext(aiter(reading))
            await box.delete("flat", "k")
            await self.settle(box)
            assert first + await reading.read() == whole

    async def test_parts_that_are_ranges_of_blobs(self, box: Backend) -> None:
        await box.put("box", "from", LARGE)
        upload = await box.start_upload("box", "k")
        await upload.copy_part(1, "box", "from", span=Span(10, 300_000))
        await upload.copy_part(2, "box", "from")
        with pytest.raises(InvalidArgument):
            await upload.copy_part(3, "box", "from", span=Span(0, len(LARGE) + 1))
        await box.delete_all_revisions("box", "from")
        await self.settle(box)
        await upload.complete()
        assert await fetch(box, "k") == LARGE[10:300_000] + LARGE

    async def test_uploads_are_listed(self, box: Backend) -> None:
        started = [(k, (await box.start_upload("box", k)).id) for k in ("b", "a", "b", "c/1")]
        listed = [(u.key, u.id) for u in await box.list_uploads("box")]
        assert listed == sorted(started)
        paged = await box.list_uploads("box", after=listed[1], limit=1)
        assert [(u.key, u.id) for u in paged] == [listed[2]]
        assert [u.key for u in await box.list_uploads("box", prefix="c/")] == ["c/1"]
        with pytest.raises(UploadNotFound):
            await box.resume_upload("box", "b", "no such id")

    # usage

    async def test_usage_is_what_is_there(self, box: Backend) -> None:
        await box.put("box", "k", b"12345")
        await box.put("box", "k", b"123")
        assert await box.usage("box") == Usage(1, 3, 2, 8, 0)
        await box.delete("box", "k")
        assert await box.usage("box") == Usage(0, 0, 2, 8, 1)
        await box.restore("box", "k", 0)
        assert await box.usage("box") == Usage(1, 5, 3, 13, 1)
        await box.copy("box", "k", "box", "c")
        await box.delete("box", "k", revision=3)
        assert await box.usage("box") == Usage(1, 5, 3, 13, 1)
        await box.put("flat", "k", b"12345")
        await box.put("flat", "k", b"1")
        assert await box.usage("flat") == Usage(1, 1, 1, 1, 0)

    # closing

    async def test_closing_twice_is_harmless(self, box: Backend) -> None:
        await box.aclose()
        await box.aclose()
        with pytest.raises(HoldallError):
            await box.put("box", "k", SMALL)
