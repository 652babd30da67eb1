from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall.core.checksums import (
    ALGORITHMS,
    BLOCK,
    CRCS,
    BlockSums,
    combine,
    crc32c,
    crc_function,
    digester,
    verify_blocks,
)
from holdall.core.errors import InvalidArgument

# The check values that the CRC catalogues and the hashes' own specifications give.
CHECK_VALUES = {
    "crc32": (b"123456789", "cbf43926"),
    "crc32c": (b"123456789", "e3069283"),
    "crc64nvme": (b"123456789", "ae8b14860a799888"),
    "sha1": (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    "sha256": (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    "md5": (b"abc", "900150983cd24fb0d6963f7d28e17f72"),
}
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5]


def pattern(size: int) -> bytes:
    return hashlib.shake_128(b"pattern").digest(size)


def cut(data: bytes, lengths: list[int]) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield data[at : at + length]
        at += length
    yield data[at:]


@pytest.mark.parametrize("algorithm", CHECK_VALUES)
def test_check_values(algorithm: str) -> None:
    data, expected = CHECK_VALUES[algorithm]
    running = digester(algorithm)
    running.update(data)
    assert running.digest().hex() == expected


def test_the_table_names_exactly_these() -> None:
    assert set(ALGORITHMS) == set(CHECK_VALUES)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pieces_give_the_digest_of_the_whole(algorithm: str) -> None:
    whole, pieces = digester(algorithm), digester(algorithm)
    whole.update(pattern(1000))
    for piece in cut(pattern(1000), [0, 1, 500]):
        pieces.update(piece)
        pieces.digest()  # may be asked at any time
    assert pieces.digest() == whole.digest() != digester(algorithm).digest()


@pytest.mark.parametrize("algorithm", ["", "CRC32C", "sha512", "md4"])
def test_an_unknown_algorithm_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        digester(algorithm)
    assert refused.value.facts["algorithm"] == algorithm
    assert "sha256" in refused.value.facts["expected"]


def test_a_small_crc_keeps_its_leading_zeros() -> None:
    number = next(n for n in range(1 << 20) if binascii.crc32(str(n).encode()) < 1 << 16)
    running = digester("crc32")
    running.update(str(number).encode())
    assert running.digest() == binascii.crc32(str(number).encode()).to_bytes(4, "big")


def test_crc32c_continues() -> None:
    assert crc32c(b"6789", crc32c(b"12345")) == crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("size", SIZES)
def test_block_sums_are_those_of_the_blocks(size: int) -> None:
    data, sums = pattern(size), BlockSums()
    sums.update(data)
    assert sums.size == size
    assert sums.crc32c == crc32c(data)
    blocks = [data[at : at + BLOCK] for at in range(0, size, BLOCK)]
    assert sums.packed == b"".join(crc32c(block).to_bytes(4, "big") for block in blocks)


@given(st.sampled_from(SIZES), st.lists(st.integers(0, 2 * BLOCK), max_size=6))
@example(3 * BLOCK + 5, [BLOCK, BLOCK, BLOCK])
@example(3 * BLOCK, [BLOCK - 1, 2, BLOCK - 1])
def test_block_sums_do_not_depend_on_the_chunks(size: int, lengths: list[int]) -> None:
    data, whole, pieces = pattern(size), BlockSums(), BlockSums()
    whole.update(data)
    for piece in cut(data, lengths):
        pieces.update(piece)
    assert (pieces.size, pieces.crc32c, pieces.packed) == (whole.size, whole.crc32c, whole.packed)


def packed(data: bytes) -> bytes:
    sums = BlockSums()
    sums.update(data)
    return sums.packed


@pytest.mark.parametrize("size", SIZES)
def test_good_blocks_pass(size: int) -> None:
    assert verify_blocks(pattern(size), 0, packed(pattern(size))) is None


@pytest.mark.parametrize("at", [0, BLOCK - 1, BLOCK, 2 * BLOCK, 3 * BLOCK, 3 * BLOCK + 4])
def test_one_flipped_bit_names_its_block(at: int) -> None:
    data = bytearray(pattern(3 * BLOCK + 5))
    sums = packed(bytes(data))
    data[at] ^= 1
    assert verify_blocks(bytes(data), 0, sums) == at // BLOCK


def test_the_first_bad_block_is_named() -> None:
    data = bytearray(pattern(3 * BLOCK))
    sums = packed(bytes(data))
    data[BLOCK] ^= 1
    data[2 * BLOCK] ^= 1
    assert verify_blocks(bytes(data), 0, sums) == 1


def test_a_chunk_in_the_middle_is_held_against_its_own_blocks() -> None:
    data = pattern(3 * BLOCK + 5)
    assert verify_blocks(data[2 * BLOCK :], 2, packed(data)) is None
    assert verify_blocks(data[2 * BLOCK :], 1, packed(data)) == 1


@pytest.mark.parametrize("block", range(4))
def test_a_damaged_sum_names_its_block(block: int) -> None:
    data = pattern(3 * BLOCK + 5)
    sums = bytearray(packed(data))
    sums[block * 4] ^= 1
    assert verify_blocks(data, 0, bytes(sums)) == block


def test_exchanged_blocks_are_bad() -> None:
    data = pattern(3 * BLOCK)
    exchanged = data[BLOCK : 2 * BLOCK] + data[:BLOCK] + data[2 * BLOCK :]
    assert exchanged != data
    assert verify_blocks(exchanged, 0, packed(data)) == 0


def test_blocks_without_a_sum_are_bad() -> None:
    data = pattern(3 * BLOCK)
    assert verify_blocks(data, 0, packed(data)[:8]) == 2
    assert verify_blocks(data[:1], 3, packed(data)) == 3


def test_a_truncated_last_block_is_bad() -> None:
    data = pattern(2 * BLOCK)
    assert verify_blocks(data[:-1], 0, packed(data)) == 1


@given(st.lists(st.binary(max_size=50), min_size=2, max_size=6))
@pytest.mark.parametrize("name", CRCS)
def test_the_sum_of_a_whole_follows_from_those_of_its_parts(name: str, pieces: list[bytes]) -> None:
    crc, whole = crc_function(name), b"".join(pieces)
    sums = [(crc(piece, 0), len(piece)) for piece in pieces]
    assert combine(name, sums) == crc(whole, 0)
    assert combine(name, sums[1:], sums[0][0]) == crc(whole, 0)
    assert combine(name, []) == 0
    assert len(digester(name).digest()) == CRCS[name]
