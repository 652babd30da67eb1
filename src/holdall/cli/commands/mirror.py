"""`holdall mirror`: make an exact copy, and prove it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdall.cli.completing import places
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.running import run
from holdall.cli.transfer.onto import also_open
from holdall.cli.transfer.options import DryRun, Onto, Rate, limits_of
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
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="FILE", help="Write down what TARGET then holds."),
    ] = None,
    dry_run: DryRun = False,
    onto: Onto = None,
    rate: Rate = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make an exact copy, and verify it.

    As sync --delete --checksum does, and then both are compared by checksum. The manifest is
    for verify, here or where the copy ends up; it is written only if all is the same.
    Contents are copied, not their history.

    Exit codes: 0 the copy is exact; 1 something failed, the rest was done; 2 wrong usage; 3
    the source is not there; 130 stopped by Ctrl-C.
    """

    async def mirror(client: Client, output: Output) -> None:
        transfers = transfers_of(client, store, limits=limits_of(rate))

        async def work(tally: Tally) -> None:
            async with also_open(onto) as other:
                await transfers.mirror(
                    source,
                    target,
                    manifest=None if manifest is None else Path(manifest),
                    dry_run=dry_run,
                    onto=other,
                    progress=tally,
                    told=teller(output),
                )

        tally = await watched(output, work, verb="mirrored", resuming=Resuming(transfers, store))
        if not dry_run:
            output.result(tally.fields(), tally.sentence("mirrored"))

    run(mirror, store=store, json=json)
