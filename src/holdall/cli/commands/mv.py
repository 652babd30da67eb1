"""`holdall mv`: move files and blobs."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli.completing import places
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import place
from holdall.cli.running import run
from holdall.cli.transfer.looking import Looking, jobs_of
from holdall.cli.transfer.moving import Mover
from holdall.cli.transfer.plan import Job, becomes
from holdall.cli.transfer.session import session
from holdall.cli.transfer.state import transfers_of
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client

_RESUME: Final = "what was not moved is where it was; the same command{} goes on from there"


def command(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", show_default=False, autocompletion=places)
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", show_default=False, autocompletion=places)
    ],
    exact: Annotated[
        bool,
        typer.Option("-T", "--no-target-directory", help="TARGET is the name, never a directory."),
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Move files and blobs.

    Between blobs, or between a local path and a blob. Where a source goes is as in cp; a
    directory goes with all it holds. A source is removed only when its target is stored and
    the source has not changed meanwhile, else it is reported and stays; a blob that is
    moved away keeps its revisions under the old name. After Ctrl-C the same command goes on,
    with -T where the directory became TARGET.

    Exit codes: 0 all moved; 1 something failed and stayed; 2 wrong usage; 3 a source is not
    there; 130 stopped by Ctrl-C.
    """
    run(
        lambda client, output: mv(client, output, sources, target, exact=exact, store=store),
        store=store,
        json=json,
    )


async def mv(
    client: Client, output: Output, sources: list[str], target: str, *, exact: bool, store: str
) -> None:
    buckets = transfers_of(client, store).buckets
    looking = Looking(recursive=True, exact=exact)
    jobs = await jobs_of(client, output, sources, target, looking)

    async def move(tally: Tally, job: Job) -> None:
        await Mover(client, buckets, tally).run(job)

    resume = _RESUME.format(" with -T" if becomes(jobs, place(target)) else "")
    await session(client, output, jobs, move, verb="moved", resume=resume)
