"""Sizes, rates, durations, times and revisions as people read them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB", "PB", "EB")


def size(count: float) -> str:
    """Bytes in decimal units: `999 B`, `4.1 kB`, `12 MB`."""
    if count < 1000:
        return f"{count:.0f} B"
    count, power = count / 1000, 0
    # 999.5 and above would be printed as 1000 of this unit.
    while count >= 999.5 and power < len(_UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.1f} {_UNITS[power]}" if count < 9.95 else f"{count:.0f} {_UNITS[power]}"


def rate(count: float, seconds: float) -> str:
    """Bytes a second."""
    return f"{size(count / max(seconds, 1e-9))}/s"


def files_rate(count: float, seconds: float) -> str:
    """`1,615 files/s`."""
    return f"{count / max(seconds, 1e-9):,.0f} files/s"


def duration(seconds: float) -> str:
    """`0.53 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def revision(number: int) -> str:
    """Its number; `-` where the store did not tell it."""
    return "-" if number < 0 else str(number)


def local_time(time: datetime | None) -> str:
    """To the second, in local time; `-` where nobody knows."""
    return "-" if time is None else f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def exact_time(time: datetime | None) -> str:
    """To the microsecond with its offset, as `--at` takes it."""
    return "-" if time is None else time.astimezone().isoformat(timespec="microseconds")
