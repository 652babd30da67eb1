"""One run of `cp` or `mv`: the display around it, and the words at its end or its stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from holdall.cli.output import Output
from holdall.cli.places import Standard
from holdall.cli.transfer.display import Display, display_for
from holdall.cli.transfer.measuring import measure
from holdall.cli.transfer.plan import Job
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client


async def session(
    client: Client,
    output: Output,
    jobs: Sequence[Job],
    work: Callable[[Tally, Job], Awaitable[object]],
    *,
    verb: str,
    resume: str,
    resuming: Resuming | None = None,
    is_told: bool = True,
) -> None:
    """Do `work` on each job, and report what was done even when Ctrl-C stops it; `resuming`
    tells how to go on where something failed.

    Without `is_told` nothing is said at the end.
    """
    to_output = any(isinstance(job.target, Standard) for job in jobs)
    display = Display() if to_output else display_for(output)
    tally = Tally(output, display)
    try:
        with display:
            await _with_measure(client, output, jobs, display, tally, work)
    except asyncio.CancelledError:
        output.note(f"{tally.sentence(verb)}; {resume}")
        raise
    if resuming is not None:
        await resuming.tell(output, tally)
    if jobs and is_told and not to_output:
        output.result(tally.fields(), tally.sentence(verb))


async def _with_measure(
    client: Client,
    output: Output,
    jobs: Sequence[Job],
    display: Display,
    tally: Tally,
    work: Callable[[Tally, Job], Awaitable[object]],
) -> None:
    measuring = asyncio.create_task(_measure_if_shown(client, output, jobs, display))
    try:
        for job in jobs:
            await work(tally, job)
    finally:
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)


async def _measure_if_shown(
    client: Client, output: Output, jobs: Sequence[Job], display: Display
) -> None:
    if output.shows_bars:
        await measure(client, jobs, display)
