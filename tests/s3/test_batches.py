"""The form of a batch: what is packed comes out again, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3.batches import LINE, MOST, Part, packed, unpack

SAID = st.dictionaries(st.text().filter(lambda name: name != "size"), st.text(), max_size=4)
PARTS = st.lists(st.builds(Part, SAID, st.binary(max_size=64)), max_size=5)


def pack(parts: list[Part]) -> bytes:
    return b"".join(map(packed, parts))


@given(PARTS)
def test_what_is_packed_comes_out_again(parts: list[Part]) -> None:
    found = unpack(pack(parts))
    assert found == [Part({**said, "size": len(held)}, held) for said, held in parts]


@given(PARTS.filter(bool), st.data())
def test_a_batch_that_is_cut_off_is_none(parts: list[Part], data: st.DataObject) -> None:
    whole = pack(parts)
    ends = {len(pack(parts[:count])) for count in range(len(parts) + 1)}
    cut = data.draw(st.integers(0, len(whole)).filter(lambda at: at not in ends))
    with pytest.raises(ValueError, match=r"."):
        unpack(whole[:cut])


@given(st.binary(max_size=200))
def test_of_anything_else_no_part_is_longer_than_it_is(batch: bytes) -> None:
    try:
        found = unpack(batch)
    except (ValueError, RecursionError):
        return
    assert sum(len(held) for _, held in found) <= len(batch)


@pytest.mark.parametrize(
    "batch",
    [
        b"x",
        b"{}\n",
        b"[]\n",
        b'{"size": -1}\n',
        b'{"size": true}\n',
        b'{"size": 1.0}\n',
        b'{"size": "1"}\n1',
        b'{"size": 2}\n1',
        b'{"size": 0}',
        b'{"size": 0}\n\n',
        b'{"size": 0}\n' * (MOST + 1),
        b'{"size": 0' + b" " * LINE + b"}\n",
    ],
)
def test_it_says_what_is_no_batch(batch: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(batch)


def test_a_line_that_would_be_too_long_is_not_written() -> None:
    longest = LINE - len(packed(Part({"a": ""}, b"")))
    (part,) = unpack(packed(Part({"a": "x" * longest}, b"1")))
    assert part.content == b"1"
    with pytest.raises(ValueError, match="line"):
        packed(Part({"a": "x" * (longest + 1)}, b"1"))
