"""One range of bytes, as RFC 9110 (14.1.2) reads it and S3 answers it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.s3.ranges import resolve


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=9-9", (9, 10)),
        ("bytes=5-", (5, 10)),
        ("bytes=5-999", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-999", (0, 10)),
        ("BYTES = 1 - 2", (1, 3)),
        (f"bytes=0-{'9' * 30}", (0, 10)),
    ],
)
def test_of_ten_bytes(header: str, span: tuple[int, int]) -> None:
    assert resolve(header, 10) == span


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=3-2",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "lines=0-1",
        "0-1",
        f"bytes=0-{'9' * 31}",
        "bytes=\u0661-2",
    ],
)
def test_what_is_ignored(header: str | None) -> None:
    assert resolve(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_what_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(S3Error) as caught:
        resolve(header, size)
    assert (caught.value.code, caught.value.status) == ("InvalidRange", 416)
    assert caught.value.headers == (("content-range", f"bytes */{size}"),)
    assert caught.value.facts == {"RangeRequested": header, "ActualObjectSize": str(size)}


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_it_is_what_slicing_gives(first: int, last: int, size: int) -> None:
    content = bytes(range(size))
    try:
        span = resolve(f"bytes={first}-{last}", size)
    except S3Error:
        assert content[first : last + 1] == b""
    else:
        assert (
            span is None
            if last < first
            else content[slice(*span or ())] == (content[first : last + 1])
        )
