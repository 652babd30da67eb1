"""Which parts an upload may be completed with, and the checksums of the whole."""

from __future__ import annotations

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import ChecksumMismatch, InvalidArgument, PartTooSmall
from holdall.core.values import PartChoice, UploadChecksum

from .pieces import PIECES, begun, digest
from .stores import LARGE

ALGORITHMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")


async def test_why_parts_are_refused(backend: EngineBackend) -> None:
    upload = await begun(backend, "sha1")
    held = {part.number: part for part in await upload.parts()}
    wrong = PartChoice(2, checksums={"sha1": b"x"})
    for chosen, reason, numbers in (
        ([2, 1], "order", [2, 1]),
        ([1, 1], "order", [1, 1]),
        ([9, 1], "order", [9, 1]),
        ([1, 4], "missing", [4]),
        ([], "missing", []),
        ([PartChoice(1, "x"), PartChoice(2)], "etag", [1]),
        ([PartChoice(1, held[1].etag), wrong], "checksum", [2]),
        ([PartChoice(1, checksums={"sha256": b""})], "checksum", [1]),
    ):
        with pytest.raises(InvalidArgument) as caught:
            await upload.complete(chosen)
        assert (caught.value.reason, caught.value.parts) == (reason, numbers)
    right = PartChoice(2, held[2].etag, {"sha1": digest("sha1", LARGE)})
    made = await upload.complete([PartChoice(1), right])
    assert made.size == len(PIECES[0]) + len(LARGE)


async def test_parts_that_are_too_small(backend: EngineBackend) -> None:
    upload = await begun(backend)
    with pytest.raises(PartTooSmall) as caught:
        await upload.complete(least=31)
    assert (caught.value.number, caught.value.size, caught.value.least) == (1, 30, 31)
    await upload.complete([2, 3], least=31)
    alone = await begun(backend)
    await alone.complete([3], least=31)
    exact = await begun(backend)
    await exact.complete(least=30)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("expected", [True, False])
async def test_composite_checksums(backend: EngineBackend, name: str, expected: bool) -> None:
    upload = await begun(backend, name)
    whole = digest(name, b"".join(digest(name, piece) for piece in PIECES))
    wrong = UploadChecksum(name, "COMPOSITE", bytes(len(whole)))
    with pytest.raises(ChecksumMismatch) as caught:
        await upload.complete(checksum=wrong)
    assert (caught.value.algorithm, caught.value.actual) == (name, whole.hex())
    made = await upload.complete(
        checksum=UploadChecksum(name, "COMPOSITE", whole if expected else None)
    )
    assert made.composite == {name: whole}
    assert made.checksums == {"crc32c": digest("crc32c", b"".join(PIECES))}
    assert made == await backend.head("box", "k")
    assert (await backend.copy("box", "k", "box", "copy")).composite == {}
    part = await (await backend.start_upload("box", "to")).copy_part(1, "box", "k")
    assert part.checksums == made.checksums


@pytest.mark.parametrize("name", ["crc32", "crc32c", "crc64nvme"])
async def test_full_object_checksums(backend: EngineBackend, name: str) -> None:
    upload = await begun(backend, name)
    whole = digest(name, b"".join(PIECES))
    with pytest.raises(ChecksumMismatch):
        await upload.complete(checksum=UploadChecksum(name, "FULL_OBJECT", bytes(len(whole))))
    made = await upload.complete(checksum=UploadChecksum(name, "FULL_OBJECT", whole))
    assert made.checksums[name] == whole
    assert made.composite == {}
    copied = await backend.copy("box", "k", "box", "copy")
    assert copied.checksums == made.checksums


async def test_checksums_that_parts_lack(backend: EngineBackend) -> None:
    upload = await begun(backend, "crc32")
    await upload.part(2, b"without")
    for wanted in (
        UploadChecksum("crc32", "COMPOSITE"),
        UploadChecksum("crc32", "FULL_OBJECT", b"1234"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            await upload.complete(checksum=wanted)
        assert (caught.value.reason, caught.value.parts) == ("checksum", [2])
    with pytest.raises(InvalidArgument):
        await upload.complete(checksum=UploadChecksum("sha1", "FULL_OBJECT"))
    made = await upload.complete(checksum=UploadChecksum("crc32", "FULL_OBJECT"))
    assert "crc32" not in made.checksums


async def test_the_entity_tag_says_how_many_parts(backend: EngineBackend) -> None:
    upload = await begun(backend, "md5")
    parts = b"".join(digest("md5", piece) for piece in PIECES)
    assert (await upload.complete()).etag == f"{digest('md5', parts).hex()}-3"
    opaque = await begun(backend)
    assert (await opaque.complete([1, 3])).etag.endswith("-2")
