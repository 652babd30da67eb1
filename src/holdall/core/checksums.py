"""Checksums: the named ones that callers may ask for, and the CRC32C of each block.

Nothing here keeps bytes: every checksum runs along while they stream. The CRCs come from
awscrt, which uses the processor's instructions and releases the GIL while it computes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from struct import iter_unpack
from types import MappingProxyType
from typing import Any, Final, Protocol

from holdall.core.errors import ChecksumMismatch, InvalidArgument

BLOCK: Final = 256 * 1024
"""Bytes covered by one block checksum."""

SUM: Final = 4
"""Bytes of one packed block checksum."""


@cache
def _crt() -> Any:
    """Loaded when it is needed: that takes a good part of the time in which a command starts."""
    from awscrt import checksums

    return checksums


Crc = Callable[[bytes | memoryview, int], int]


def crc_function(algorithm: str) -> Crc:
    """What computes one of `CRCS`: of some bytes behind those that gave the second argument."""
    function: Crc = getattr(_crt(), algorithm)
    return function


class Digester(Protocol):
    """A running checksum."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes:
        """The checksum of all bytes so far; of a CRC its big-endian bytes, as S3 sends it."""


class _CrcDigester:
    def __init__(self, name: str, width: int) -> None:
        self._crc = crc_function(name)
        self._width = width
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._crc(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


CRCS: Final[Mapping[str, int]] = MappingProxyType({"crc32c": 4, "crc64nvme": 8, "crc32": 4})
"""The algorithms whose checksum of a whole follows from those of its parts, with its size in
bytes. The first is the one that Holdall uses by itself, the last the slowest."""

ALGORITHMS: Final[Mapping[str, Callable[[], Digester]]] = MappingProxyType(
    {
        **{name: partial(_CrcDigester, name, width) for name, width in CRCS.items()},
        "sha1": partial(hashlib.sha1, usedforsecurity=False),
        "sha256": hashlib.sha256,
        "md5": partial(hashlib.md5, usedforsecurity=False),
    }
)
"""Every algorithm by the lower-case name it has throughout Holdall."""


def digester(algorithm: str) -> Digester:
    """A fresh running checksum. `InvalidArgument` when there is no such algorithm."""
    try:
        return ALGORITHMS[algorithm]()
    except KeyError:
        raise InvalidArgument(
            f"no checksum algorithm is called {algorithm!r}",
            algorithm=algorithm,
            expected=tuple(ALGORITHMS),
        ) from None


def feed(digesters: Iterable[Digester], data: bytes) -> None:
    """Update each with a small content, without giving way to other threads.

    hashlib lets them run for more bytes than `_STEP`; to be let back takes longer than to
    hash a few thousand.
    """
    steps = [data[at : at + _STEP] for at in range(0, len(data), _STEP)]
    for each in digesters:
        for step in steps:
            each.update(step)


_STEP: Final = 2047


def verified(
    digesters: Mapping[str, Digester], announced: Mapping[str, bytes | None]
) -> dict[str, bytes]:
    """The digest of each. `ChecksumMismatch` for one that was announced otherwise."""
    digests = {name: each.digest() for name, each in digesters.items()}
    for name, actual in digests.items():
        expected = announced[name]
        if expected is not None and expected != actual:
            raise ChecksumMismatch(
                f"The {name} announced is not that of the bytes.",
                algorithm=name,
                expected=expected.hex(),
                actual=actual.hex(),
            )
    return digests


def crc32c(data: bytes | memoryview, previous: int = 0) -> int:
    """The CRC32C of `data`, or of what gave `previous` with `data` after it."""
    crc: int = _crt().crc32c(data, previous)
    return crc


class BlockSums:
    """The CRC32C of each block of a payload and of the whole, in one pass over its bytes."""

    def __init__(self) -> None:
        self._packed = bytearray()
        self._whole = 0  # of the full blocks
        self._block = 0  # of the block that is not full yet
        self._filled = 0  # bytes in that block

    def update(self, chunk: bytes) -> None:
        """Add the next bytes of the payload; any length."""
        view = memoryview(chunk)
        at = 0
        while at < len(view):
            piece = view[at : at + BLOCK - self._filled]
            at += len(piece)
            self._extend(piece)

    def _extend(self, piece: memoryview) -> None:
        self._block = crc32c(piece, self._block)
        self._filled += len(piece)
        if self._filled == BLOCK:
            self._packed += _packed(self._block)
            self._whole = combine("crc32c", [(self._block, BLOCK)], self._whole)
            self._block = self._filled = 0

    @property
    def size(self) -> int:
        """Bytes so far."""
        return len(self._packed) // SUM * BLOCK + self._filled

    @property
    def crc32c(self) -> int:
        """The CRC32C of all bytes so far."""
        return combine("crc32c", [(self._block, self._filled)], self._whole)

    @property
    def packed(self) -> bytes:
        """The CRC32C of each block, the last one perhaps short: four big-endian bytes each."""
        return bytes(self._packed) + (_packed(self._block) if self._filled else b"")


def verify_blocks(chunk: bytes, first_block_index: int, packed: bytes) -> int | None:
    """The index of the first block whose bytes are not those that were summed, or None.

    `chunk` starts where block `first_block_index` starts and ends where a block ends;
    `packed` is what `BlockSums.packed` said. A block that it does not cover is bad.
    """
    count = -(-len(chunk) // BLOCK)
    sums = packed[first_block_index * SUM : (first_block_index + count) * SUM]
    # At once: each call costs a change of threads, and only damage asks for the block.
    if len(sums) == count * SUM and crc32c(chunk) == _joined(sums, len(chunk)):
        return None
    return _first_bad(memoryview(chunk), first_block_index, sums)


def _joined(sums: bytes, size: int) -> int:
    """The CRC32C of `size` bytes from those of their blocks."""
    blocks = zip(range(0, size, BLOCK), iter_unpack(">I", sums), strict=True)
    return combine("crc32c", ((crc, min(BLOCK, size - at)) for at, (crc,) in blocks))


def _first_bad(view: memoryview, first_block_index: int, sums: bytes) -> int | None:
    for index, at in enumerate(range(0, len(view), BLOCK)):
        if _packed(crc32c(view[at : at + BLOCK])) != sums[index * SUM : (index + 1) * SUM]:
            return first_block_index + index
    return None


def _packed(crc: int) -> bytes:
    return crc.to_bytes(SUM, "big")


def combine(algorithm: str, pieces: Iterable[tuple[int, int]], previous: int = 0) -> int:
    """The checksum, one of `CRCS`, of byte strings joined, each given by its own and its size
    in bytes; behind what gave `previous`."""
    join = _combiner(algorithm)
    for crc, size in pieces:
        previous = join(previous, crc, size)
    return previous


@cache
def _combiner(algorithm: str) -> Callable[[int, int, int], int]:
    join: Callable[[int, int, int], int] = getattr(_crt(), f"combine_{algorithm}")
    return join
