"""Sending a transfer's events to whoever listens."""

from __future__ import annotations

from holdall.client.progress import (
    AbstractDeleteProgress,
    AbstractFileProgress,
    StorageProgressComplete,
    StorageProgressDelete,
    StorageProgressEnterDir,
    StorageProgressFail,
    StorageProgressLeaveDir,
    StorageProgressSkip,
    StorageProgressStart,
    StorageProgressStep,
)

Event = (
    StorageProgressStart
    | StorageProgressStep
    | StorageProgressComplete
    | StorageProgressSkip
    | StorageProgressEnterDir
    | StorageProgressLeaveDir
    | StorageProgressFail
    | StorageProgressDelete
)

_CALLBACKS: dict[type[Event], str] = {
    StorageProgressStart: "start",
    StorageProgressStep: "step",
    StorageProgressComplete: "complete",
    StorageProgressSkip: "skip",
    StorageProgressEnterDir: "enter",
    StorageProgressLeaveDir: "leave",
    StorageProgressFail: "fail",
    StorageProgressDelete: "delete",
}


class Reporter:
    """Calls the callback of each event. `broken` tells that one of them raised.

    A directory transfer survives the failure of a file, and must not take a callback's
    error, which stops it, for such a failure.
    """

    def __init__(self, progress: AbstractFileProgress | AbstractDeleteProgress | None) -> None:
        self._progress = progress
        self.broken = False

    def __call__(self, event: Event) -> None:
        if self._progress is None:
            return
        try:
            getattr(self._progress, _CALLBACKS[type(event)])(event)
        except BaseException:
            self.broken = True
            raise
