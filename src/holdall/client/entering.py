"""Directories under way: entered before anything in them, left after everything in them."""

from __future__ import annotations

from holdall.client.progress import StorageProgressEnterDir, StorageProgressLeaveDir
from holdall.client.reporting import Reporter
from holdall.client.route import Route


class Entered:
    """A directory in which something is still to be dealt with, at first the look into it.

    Whoever finds something in it calls `hold`, and `release` when that is dealt with; after
    the last `release` it is left. Another directory in it, for which it is held as `parent`,
    releases it when it is left itself.
    """

    def __init__(self, route: Route, report: Reporter, parent: Entered | None) -> None:
        report(StorageProgressEnterDir(route.src, route.dst))
        self._route = route
        self._report = report
        self._parent = parent
        self._held = 1

    def hold(self) -> None:
        self._held += 1

    def release(self) -> None:
        # A loop: a tree may be deeper than Python's stack.
        entered: Entered | None = self
        while entered is not None and entered._let_go():
            entered = entered._parent

    def _let_go(self) -> bool:
        """Whether that was the last of it."""
        self._held -= 1
        if self._held == 0:
            self._report(StorageProgressLeaveDir(self._route.src, self._route.dst))
        return self._held == 0
