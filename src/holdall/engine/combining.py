"""Checksums of a content that was sent in parts, from those of the parts (S3 multipart upload)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from awscrt import checksums as _crt

from holdall.core.checksums import digester
from holdall.core.errors import InvalidArgument

COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"

_COMBINE: Mapping[str, Callable[[int, int, int], int]] = MappingProxyType(
    {
        "crc32": _crt.combine_crc32,
        "crc32c": _crt.combine_crc32c,
        "crc64nvme": _crt.combine_crc64nvme,
    }
)


def refuse_unknown(kind: str, algorithm: str) -> None:
    """`InvalidArgument` for a checksum that cannot be had from those of parts."""
    digester(algorithm)
    if kind != COMPOSITE and (kind != FULL_OBJECT or algorithm not in _COMBINE):
        raise InvalidArgument(f"There is no {kind} checksum {algorithm}.", actual=algorithm)


def combined(kind: str, algorithm: str, parts: Sequence[tuple[bytes, int]]) -> bytes:
    """The checksum of that kind of the digests and sizes of parts. `InvalidArgument`."""
    refuse_unknown(kind, algorithm)
    if kind == COMPOSITE:
        whole = digester(algorithm)
        whole.update(b"".join(digest for digest, _ in parts))
        return whole.digest()
    return _joined(_COMBINE[algorithm], parts)


def _joined(combine: Callable[[int, int, int], int], parts: Sequence[tuple[bytes, int]]) -> bytes:
    total = 0
    for digest, size in parts:
        total = combine(total, int.from_bytes(digest, "big"), size)
    return total.to_bytes(len(parts[0][0]), "big")
