"""What went wrong with single files while the others went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from holdall.client.progress import StorageProgressFail
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.core.errors import HoldallError, TransferFailed

SURVIVABLE: Final = (HoldallError, OSError)
"""Errors of one file. Anything else is a mistake in a program and stops the transfer."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One file or directory that was not transferred, and why."""

    route: Route
    error: Exception


class Failures:
    """Collects failures, reports each as it happens, and raises them together at the end."""

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._met: list[Failure] = []

    def met(self, route: Route, error: Exception) -> None:
        """Record a failure; raises `error` itself when it came from a callback."""
        if self._report.broken:
            raise error
        self._met.append(Failure(route, error))
        self._report(StorageProgressFail(route.src, route.dst, str(error)))

    def raise_any(self) -> None:
        """Raise one error whose `failed` holds every `Failure`, if there are any."""
        if not self._met:
            return
        first = self._met[0].error
        message = f"{len(self._met)} could not be transferred; the first: {first}"
        raise TransferFailed(message, failed=tuple(self._met)) from first
