"""A time that passes only when a test says so."""

from __future__ import annotations

from datetime import datetime


class Clock:
    """Called, it stands for `datetime.now`; `time_ns` for the one of the module `time`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def time_ns(self) -> int:
        return round(self.now.timestamp() * 1e9)
