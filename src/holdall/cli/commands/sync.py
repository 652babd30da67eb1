"""`holdall sync`: make one place as another."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import places
from holdall.cli.options import At, Json, Store, moment
from holdall.cli.output import Output
from holdall.cli.running import run
from holdall.cli.transfer.onto import also_open
from holdall.cli.transfer.options import (
    Checksum,
    DryRun,
    Exclude,
    ExcludeFromFiles,
    Include,
    Onto,
    Rate,
    filters_of,
    limits_of,
)
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.state import transfers_of
from holdall.cli.transfer.stepping import teller
from holdall.cli.transfer.tally import Tally
from holdall.cli.transfer.watching import watched
from holdall.client.client import Client


def command(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", show_default=False, autocompletion=places)
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", show_default=False, autocompletion=places)
    ],
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove what the source does not have.")
    ] = False,
    update: Annotated[
        bool, typer.Option("-u", "--update", help="Keep what is not older, whatever its size.")
    ] = False,
    checksum: Checksum = False,
    dry_run: DryRun = False,
    exclude: Exclude = None,
    include: Include = None,
    exclude_from_files: ExcludeFromFiles = "",
    at: At = None,
    onto: Onto = None,
    rate: Rate = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make one place as another.

    What is below SOURCE goes below TARGET; one of them, or both, are blob:BUCKET or
    blob:BUCKET/NAME. A file goes if there is none, if its size differs, or if it was
    modified after the target was written. Each step is printed; --dry-run prints the
    same steps and does none. What is excluded is not removed either, nor is anything below a
    folder of the source that cannot be read.

    Exit codes: 0 all done; 1 something failed, the rest was done; 2 wrong usage; 3 the source
    is not there; 130 stopped by Ctrl-C.
    """

    async def sync(client: Client, output: Output) -> None:
        transfers = transfers_of(client, store, limits=limits_of(rate))
        filters = filters_of(exclude, include, exclude_from_files)

        async def work(tally: Tally) -> None:
            async with also_open(onto) as other:
                await transfers.sync(
                    source,
                    target,
                    delete=delete,
                    update=update,
                    checksum=checksum,
                    dry_run=dry_run,
                    at=moment(at),
                    filters=filters,
                    onto=other,
                    progress=tally,
                    told=teller(output),
                )

        tally = await watched(output, work, verb="synced", resuming=Resuming(transfers, store))
        if not dry_run:
            output.result(tally.fields(), tally.sentence("synced"))

    run(sync, store=store, json=json)
