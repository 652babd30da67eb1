"""Waiting for a directory transfer that goes on after the failure of a file."""

from __future__ import annotations

from collections.abc import Awaitable

from holdall.core.errors import HoldallError


async def despite_failures(transfer: Awaitable[object]) -> None:
    """Wait for a transfer whose single failures its listener has told of as they happened.

    The error at its end only counts them; any other is raised.
    """
    try:
        await transfer
    except HoldallError as error:
        if not error.failed:
            raise
