"""Noticing a fork: the child has its parent's files open, and none of its threads."""

from __future__ import annotations

import os
from typing import Final

_generation = 0
_abandoned: Final[list[object]] = []


def generation() -> int:
    """How many forks lie between the first process and this one."""
    return _generation


def abandon(parents: object) -> None:
    """Keep what belongs to the parent from being closed here: that would disturb it."""
    _abandoned.append(parents)


def _count() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)
