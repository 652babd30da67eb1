"""A transfer with its display around it, and the words at its end or its stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from holdall.cli.output import Output
from holdall.cli.transfer.despite import despite_failures
from holdall.cli.transfer.display import display_for
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.tally import Tally
from holdall.core.errors import HoldallError

RESUME: Final = (
    "'holdall transfers resume' finishes the large files that were under way, the same command "
    "does the rest"
)


async def watched(
    output: Output,
    work: Callable[[Tally], Awaitable[object]],
    *,
    verb: str,
    resuming: Resuming,
    resume: str = RESUME,
) -> Tally:
    """Do `work`, whose failures are told of as they happen, and how those are resumed that can
    be; Ctrl-C tells how far it came."""
    display = display_for(output)
    tally = Tally(output, display)
    try:
        with display:
            await despite_failures(work(tally))
    except asyncio.CancelledError:
        output.note(f"{tally.sentence(verb)}; {resume}")
        raise
    except (HoldallError, OSError):
        await resuming.tell(output, tally)
        raise
    await resuming.tell(output, tally)
    return tally
