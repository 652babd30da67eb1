"""Checksums of a content that was sent in parts, from those of the parts (S3 multipart upload)."""

from __future__ import annotations

from collections.abc import Sequence

from holdall.core.checksums import CRCS, combine, digester
from holdall.core.errors import InvalidArgument

COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"


def refuse_unknown(kind: str, algorithm: str) -> None:
    """`InvalidArgument` for a checksum that cannot be had from those of parts."""
    digester(algorithm)
    if kind != COMPOSITE and (kind != FULL_OBJECT or algorithm not in CRCS):
        raise InvalidArgument(f"There is no {kind} checksum {algorithm}.", actual=algorithm)


def combined(kind: str, algorithm: str, parts: Sequence[tuple[bytes, int]]) -> bytes:
    """The checksum of that kind of the digests and sizes of parts. `InvalidArgument`."""
    refuse_unknown(kind, algorithm)
    if kind == COMPOSITE:
        whole = digester(algorithm)
        whole.update(b"".join(digest for digest, _ in parts))
        return whole.digest()
    total = combine(algorithm, ((int.from_bytes(digest, "big"), size) for digest, size in parts))
    return total.to_bytes(CRCS[algorithm], "big")
