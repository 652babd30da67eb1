"""The three ways in which S3 writes a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def to_iso(time: datetime) -> str:
    """As in XML bodies: ISO 8601 with milliseconds, of which S3 shows none but zeros."""
    return iso_of((time - _EPOCH) // _SECOND)


@lru_cache(maxsize=4096)  # what is listed together was often written together
def iso_of(second: int) -> str:
    """As `to_iso`, of a time in seconds since 1970 UTC."""
    return f"{_EPOCH + second * _SECOND:%Y-%m-%dT%H:%M:%S}.000Z"


def to_http(time: datetime) -> str:
    """As in headers: the date of RFC 9110, 5.6.7."""
    return _http_of((time - _EPOCH) // _SECOND)  # to hash a number takes a tenth of the time


@lru_cache(maxsize=4096)
def _http_of(second: int) -> str:
    return format_datetime(_EPOCH + second * _SECOND, usegmt=True)


def from_http(text: str) -> datetime | None:
    """A date of RFC 9110 in any of its three forms; None for anything else."""
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def to_amz(time: datetime) -> str:
    """As in signatures: `20130524T000000Z`."""
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@lru_cache(maxsize=256)  # every request has one, and `strptime` is slow
def from_amz(text: str) -> datetime | None:
    """None for what is not of the form `20130524T000000Z`."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def from_iso(text: str) -> datetime | None:
    """A time of ISO 8601, as in lock and lifecycle bodies; None for anything else."""
    if text.strip()[4:5] != "-":  # the form without dashes is not that of XML
        return None
    try:
        return _in_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _in_utc(time: datetime) -> datetime:
    """One without a zone is meant so. `OverflowError` near the ends of the calendar."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
