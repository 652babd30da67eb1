"""How often, and after how long, a request that failed is made again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from holdall.core.errors import HoldallError, StorageFull


@dataclass(frozen=True, slots=True)
class Patience:
    """The n-th wait is a random part of `first * 2**(n-1)` seconds, at most `longest`.

    `attempts` counts the first one. A store that says how long to wait (the error's fact
    `retry_after`, seconds) gets that, unless it is more than `longest`: then nobody waits.
    """

    attempts: int = 4
    first: float = 0.2
    longest: float = 20.0

    def wait(self, attempt: int, error: Exception) -> float | None:
        """Seconds to wait after the `attempt`-th failure; None when it was the last."""
        if attempt >= self.attempts or not _may_pass(error):
            return None
        asked = getattr(error, "retry_after", None) or 0.0
        if asked > self.longest:
            return None
        spread = random.uniform(0, min(self.longest, self.first * 2 ** (attempt - 1)))
        return max(float(asked), spread)


def _may_pass(error: Exception) -> bool:
    # Nobody makes room within seconds, and each attempt would send everything again.
    if isinstance(error, StorageFull):
        return False
    return isinstance(error, HoldallError) and error.retryable
