"""The exit codes of every command, as each one's help states them."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from holdall.core.errors import HoldallError, InvalidArgument, NotFound


class ExitCode(IntEnum):
    """What the process tells its parent."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    DAMAGED = 4
    INTERRUPTED = 130  # 128 + SIGINT
    BROKEN_PIPE = 141  # 128 + SIGPIPE, what a C program would die of


_BY_KIND: Final = ((NotFound, ExitCode.NOT_FOUND), (InvalidArgument, ExitCode.USAGE))


def exit_code_of(error: HoldallError | OSError) -> ExitCode:
    """The code for an error that ended a command, or one of its operations."""
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), ExitCode.FAILED)
