"""The checksum of the whole, from those of the parts, is the one that its bytes have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.core.checksums import digester
from holdall.core.errors import InvalidArgument
from holdall.engine.combining import COMPOSITE, FULL_OBJECT, combined


def digest(name: str, data: bytes) -> bytes:
    whole = digester(name)
    whole.update(data)
    return whole.digest()


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6))
@pytest.mark.parametrize("name", ["crc32", "crc32c", "crc64nvme"])
def test_a_full_object_checksum(name: str, pieces: list[bytes]) -> None:
    parts = [(digest(name, piece), len(piece)) for piece in pieces]
    assert combined(FULL_OBJECT, name, parts) == digest(name, b"".join(pieces))


@pytest.mark.parametrize("name", ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"])
def test_a_composite_checksum(name: str) -> None:
    parts = [(digest(name, piece), len(piece)) for piece in (b"one", b"three")]
    assert combined(COMPOSITE, name, parts) == digest(name, parts[0][0] + parts[1][0])


@pytest.mark.parametrize(
    ("kind", "name"), [(FULL_OBJECT, "sha256"), ("OTHER", "crc32"), (COMPOSITE, "none")]
)
def test_there_are_no_others(kind: str, name: str) -> None:
    with pytest.raises(InvalidArgument):
        combined(kind, name, [(b"", 0)])
