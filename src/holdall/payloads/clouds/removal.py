"""Many objects removed, a few at once, where a provider removes one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Final

AT_ONCE: Final = 32


async def each_removed(keys: Iterable[str], remove: Callable[[str], Awaitable[bool]]) -> int:
    """Call `remove` with each; how many said that there was something. Raises what one met."""
    rest, count = iter(keys), 0
    while some := list(islice(rest, AT_ONCE)):
        found = await asyncio.gather(*map(remove, some), return_exceptions=True)
        for result in found:
            if isinstance(result, BaseException):
                raise result
            count += result
    return count
