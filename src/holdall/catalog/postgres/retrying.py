"""Doing again what failed by chance: a conflict of transactions, a lost connection."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from holdall.catalog.postgres.errors import is_transient

T = TypeVar("T")

PAUSES = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Seconds between the attempts, each taken between its half and itself: a server that
restarts is met again, and two who collided do not collide in step."""


def persist(attempt: Callable[[], T]) -> T:
    """The first outcome of `attempt` that is not by chance, else the last."""
    for pause in PAUSES:
        try:
            return attempt()
        except psycopg.Error as error:
            if not is_transient(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1))
    return attempt()
