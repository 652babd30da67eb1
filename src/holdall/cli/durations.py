"""Lengths of time as people write them."""

from __future__ import annotations

import re
from typing import Final

from holdall.core.errors import InvalidArgument

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw]?)")


def seconds(text: str) -> int:
    """`90`, `90s`, `15m`, `1h`, `30d` or `1w` in seconds. `InvalidArgument`."""
    match = _DURATION.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise InvalidArgument(
            f"{text!r} is no length of time such as 90s, 15m, 1h, 30d", actual=text
        )
    return int(match[1]) * _UNITS[match[2] or "s"]
