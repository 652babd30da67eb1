"""The `Range` header of one range of bytes (RFC 9110, 14.1.2)."""

from __future__ import annotations

import re

from holdall.s3.errors import S3Error

_FORM = re.compile(r"bytes\s*=\s*(\d{0,30})\s*-\s*(\d{0,30})", re.ASCII | re.IGNORECASE)


def resolve(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes meant, `(start, end)` with `end` exclusive, of a content of `size` bytes.

    None where the header is to be ignored: there is none, it is malformed, it names several
    ranges or another unit. `InvalidRange` when it is well formed and outside the content.
    """
    match = _FORM.fullmatch(header.strip()) if header else None
    if header is None or match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return _suffix(header, int(last), size)
    start, end = int(first), int(last) + 1 if last else size
    if last and end <= start:
        return None  # "invalid": the first position is beyond the last one
    if start >= size:
        raise unsatisfiable(header, size)
    return start, min(end, size)


def _suffix(header: str, length: int, size: int) -> tuple[int, int]:
    if length == 0 or size == 0:
        raise unsatisfiable(header, size)
    return max(0, size - length), size


def unsatisfiable(header: str, size: int) -> S3Error:
    return S3Error(
        "InvalidRange",
        headers=(("content-range", f"bytes */{size}"),),
        RangeRequested=header.strip(),
        ActualObjectSize=str(size),
    )
