"""Sealed payloads: what is on the disk, what is read of them, and with which keys."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from hashlib import md5, sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall.backends.engine import EngineBackend
from holdall.core.checksums import crc32c
from holdall.core.errors import ChecksumMismatch, Corrupt, WrongKey
from holdall.core.values import COPY_ALL, PLAIN, PutOptions, Revision, Span
from holdall.engine.copy import copy
from holdall.engine.engine import SMALL, Engine
from holdall.engine.open import open_blob
from holdall.engine.put import put
from holdall.engine.sealing import KEY_BYTES, Opener, Seal, Sealing, Unseal
from holdall.engine.uploads import start
from holdall.testing.payloads import FaultPlan, Step

from .stores import LARGE, files_of, judge, open_store

PHRASE = b"Nobody shall find these words on the disk. "


class Lock:
    """A key that wraps by adding itself: who has another one gets a `WrongKey`."""

    def __init__(self, name: bytes, *, opaque: bool = False) -> None:
        self.name = name
        self.wrapped: list[bytes] = []
        self.seal = Seal(self._wrap, opaque)

    def _wrap(self, key: bytes) -> bytes:
        self.wrapped.append(key)
        return self.name + bytes(byte ^ 0x5A for byte in key)

    def unseal(self, wrapped: bytes) -> bytes:
        if not wrapped.startswith(self.name):
            raise WrongKey("another key")
        return bytes(byte ^ 0x5A for byte in wrapped[len(self.name) :])


@pytest.fixture
def lock() -> Lock:
    return Lock(b"mine")


def plain(size: int) -> bytes:
    return (PHRASE * (size // len(PHRASE) + 1))[:size]


async def read(engine: Engine, key: str, unseal: Unseal | None, span: Span | None = None) -> bytes:
    async with await open_blob(engine, "box", key, None, span, unseal) as reading:
        return await reading.read()


async def streamed(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 100_001):
        yield data[at : at + 100_001]


async def stored(engine: Engine, key: str, data: bytes, seal: Seal | None) -> Revision:
    return await put(engine, "box", key, streamed(data), PLAIN, seal)


SIZES = [1, 15, 16, 17, 1000, SMALL, SMALL + 1, 3 * SMALL + 5]


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_sealed_is_read_with_its_key(engine: Engine, lock: Lock, size: int) -> None:
    revision = await stored(engine, "k", plain(size), lock.seal)
    assert revision.size == size
    assert revision.checksums["crc32c"] == crc32c(plain(size)).to_bytes(4, "big")
    assert await read(engine, "k", lock.unseal) == plain(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("unseal", [None, Lock(b"other").unseal])
async def test_nothing_is_read_without_the_key(
    engine: Engine, lock: Lock, size: int, unseal: Unseal | None
) -> None:
    await stored(engine, "k", plain(size), lock.seal)
    with pytest.raises(WrongKey):
        await open_blob(engine, "box", "k", None, None, unseal)


async def test_an_empty_content_has_nothing_to_seal(engine: Engine, lock: Lock) -> None:
    await stored(engine, "k", b"", lock.seal)
    assert await read(engine, "k", None) == b""


async def test_the_key_of_the_engine_is_for_those_who_bring_none(
    engine: Engine, lock: Lock
) -> None:
    await stored(engine, "k", plain(100), lock.seal)
    engine.unseal = lock.unseal
    assert await read(engine, "k", None) == plain(100)
    with pytest.raises(WrongKey):
        await read(engine, "k", Lock(b"other").unseal)


async def test_plain_contents_do_not_mind_a_key(engine: Engine, lock: Lock) -> None:
    for size in (5, SMALL + 1):
        await stored(engine, "k", plain(size), None)
        assert await read(engine, "k", lock.unseal) == plain(size)


@pytest.mark.parametrize("size", [1000, SMALL, 5 * SMALL])
async def test_no_file_and_no_page_of_the_catalog_holds_the_plain_bytes(
    tmp_path: Path, lock: Lock, size: int
) -> None:
    path = tmp_path / "store"
    backend = open_store(path)
    await backend.create_bucket("box")
    await stored(backend.engine, "k", plain(size), lock.seal)
    await backend.aclose()
    everything = b"".join(found.read_bytes() for found in path.rglob("*") if found.is_file())
    assert PHRASE[:16] not in everything
    assert lock.wrapped[0] not in everything
    await judge(path, files=int(size > SMALL))


async def test_each_payload_has_a_key_of_its_own(engine: Engine, lock: Lock) -> None:
    for key in ("a", "b"):
        await stored(engine, key, plain(100), lock.seal)
    upload = await start(engine, "box", "c", PLAIN)
    for number in (1, 2):
        await upload.part(number, plain(100), seal=lock.seal)
    assert len(set(lock.wrapped)) == len(lock.wrapped) == 4
    assert {len(key) for key in lock.wrapped} == {KEY_BYTES}
    await upload.abort()


def test_the_bytes_are_those_of_aes_256_in_counter_mode(lock: Lock) -> None:
    sealing = Sealing(lock.seal)
    ours = sealing.update(plain(33)) + sealing.update(plain(100))
    cipher = Cipher(algorithms.AES256(lock.wrapped[0]), modes.CTR(bytes(16))).encryptor()
    assert ours == cipher.update(plain(33) + plain(100))


def test_a_counter_goes_on_beyond_four_gibibytes_of_blocks(lock: Lock) -> None:
    """Of a payload so large that its blocks have numbers of more than 32 bits."""
    start, wrapped = (2**33 - 1) * 16 + 5, Sealing(lock.seal).wrapped
    cipher = Cipher(
        algorithms.AES256(lock.wrapped[0]), modes.CTR((2**33 - 1).to_bytes(16, "big"))
    ).encryptor()
    expected = cipher.update(bytes(100))[5:]
    assert Opener(lock.unseal).plain(wrapped, start)(bytes(95)) == expected


@pytest.mark.parametrize("size", [1000, 3 * SMALL])
async def test_announced_checksums_are_of_the_plain_bytes(
    engine: Engine, lock: Lock, size: int
) -> None:
    data = plain(size)
    digests = {"md5": md5(data).digest(), "sha256": sha256(data).digest()}
    options = PutOptions(checksums=digests)
    revision = await put(engine, "box", "k", streamed(data), options, lock.seal)
    assert {name: revision.checksums[name] for name in digests} == digests
    assert revision.etag == md5(data).hexdigest()
    wrong = PutOptions(checksums={"sha256": sha256(b"").digest()})
    with pytest.raises(ChecksumMismatch):
        await put(engine, "box", "k", streamed(data), wrong, lock.seal)


@pytest.mark.parametrize("size", [1000, 3 * SMALL])
async def test_an_opaque_seal_keeps_no_md5(engine: Engine, size: int) -> None:
    data, lock = plain(size), Lock(b"mine", opaque=True)
    digests = {"md5": md5(data).digest(), "crc32": None}
    revision = await put(engine, "box", "k", data, PutOptions(checksums=digests), lock.seal)
    assert revision.etag
    assert md5(data).hexdigest() not in revision.etag
    assert sorted(revision.checksums) == ["crc32", "crc32c"]
    with pytest.raises(ChecksumMismatch):
        bad = PutOptions(checksums={"md5": bytes(16)})
        await put(engine, "box", "k", data, bad, lock.seal)


@pytest.mark.parametrize("size", [1000, 5 * SMALL])
async def test_copies_and_restored_revisions_keep_key_and_bytes(
    engine: Engine, backend: EngineBackend, lock: Lock, size: int
) -> None:
    first = await stored(engine, "k", plain(size), lock.seal)
    await stored(engine, "k", b"new", None)
    await copy(engine, "box", "k", "box", "copy", first.version, COPY_ALL)
    await backend.restore("box", "k", first.version)
    for key in ("copy", "k"):
        assert await read(engine, key, lock.unseal) == plain(size)
        with pytest.raises(WrongKey):
            await read(engine, key, None)


async def test_a_damaged_payload_is_found_without_any_key(tmp_path: Path, lock: Lock) -> None:
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box")
    await stored(backend.engine, "k", LARGE, lock.seal)
    (file,) = files_of(tmp_path / "store")
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)
    assert [problem.kind for problem in await backend.check(scrub=True)] == ["bytes"]
    with pytest.raises(Corrupt):
        await read(backend.engine, "k", lock.unseal)
    await backend.aclose()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [Step.BEGIN, Step.WRITE, Step.BEFORE_FINISH, Step.AFTER_FINISH])
async def test_a_writer_that_is_killed_leaves_nothing(
    tmp_path: Path, lock: Lock, step: Step
) -> None:
    path, plan = tmp_path / "store", FaultPlan()
    backend = open_store(path, plan=plan)
    await backend.create_bucket("box")
    await stored(backend.engine, "old", LARGE, lock.seal)
    plan.add(step, Killed())
    with pytest.raises(Killed):
        await stored(backend.engine, "new", LARGE, lock.seal)
    await backend.aclose()
    await judge(path, files=1)
    again = open_store(path)
    assert await read(again.engine, "old", lock.unseal) == LARGE
    await again.aclose()


async def test_a_backup_is_as_sealed_as_the_store(tmp_path: Path, lock: Lock) -> None:
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box")
    for key, size in (("small", 100), ("large", 5 * SMALL)):
        await stored(backend.engine, key, plain(size), lock.seal)
    assert await backend.backup(tmp_path / "copy") == 1
    await backend.aclose()
    twin = open_store(tmp_path / "copy")
    assert await read(twin.engine, "small", lock.unseal) == plain(100)
    assert await read(twin.engine, "large", lock.unseal) == plain(5 * SMALL)
    with pytest.raises(WrongKey):
        await read(twin.engine, "large", None)
    await twin.aclose()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
async def test_every_range_of_every_copy_of_every_upload(shelf: Path, data: st.DataObject) -> None:
    """Parts of any sizes, whole and ranges of others, in any order: compared with plain bytes."""
    backend, lock = open_store(shelf / secrets.token_hex(4)), Lock(b"mine")
    await backend.create_bucket("box")
    engine = backend.engine
    sizes = st.sampled_from([1, 7, 16, 5000, SMALL, SMALL + 9, 2 * SMALL])
    source = secrets.token_bytes(data.draw(sizes, "source"))
    await stored(engine, "source", source, lock.seal)
    upload, expected = await start(engine, "box", "whole", PLAIN), b""
    for number in range(1, data.draw(st.integers(1, 5), "parts") + 1):
        if data.draw(st.booleans(), "sent"):
            piece = secrets.token_bytes(data.draw(sizes, "size"))
            await upload.part(number, streamed(piece), seal=lock.seal)
        else:
            first = data.draw(st.integers(0, len(source) - 1), "first")
            last = data.draw(st.integers(first + 1, len(source)), "last")
            piece = source[first:last]
            await upload.copy_part(number, "box", "source", span=Span(first, last))
        expected += piece
    await upload.complete()
    await copy(engine, "box", "whole", "box", "copy", None, COPY_ALL)
    await backend.delete_all_revisions("box", "source")
    start_at = data.draw(st.integers(0, len(expected)), "start")
    end = data.draw(st.integers(start_at, len(expected)), "end")
    for key in ("whole", "copy"):
        assert await read(engine, key, lock.unseal) == expected
        got = await read(engine, key, lock.unseal, Span(start_at, end))
        assert got == expected[start_at:end]
    assert await backend.check(scrub=True) == []
    await backend.aclose()
