"""`holdall verify`: compare two places, or a place and its manifest."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli import human
from holdall.cli.completing import places
from holdall.cli.exit_codes import ExitCode
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.cli.transfer.onto import also_open
from holdall.cli.transfer.options import (
    Exclude,
    ExcludeFromFiles,
    Include,
    Onto,
    filters_of,
)
from holdall.cli.transfer.state import transfers_of
from holdall.client.client import Client
from holdall.transfer.verifying import Finding


def command(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", show_default=False, autocompletion=places)
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", show_default=False, autocompletion=places)
    ],
    scrub: Annotated[
        bool, typer.Option("--scrub", help="Read blobs too, instead of believing their store.")
    ] = False,
    exclude: Exclude = None,
    include: Include = None,
    exclude_from_files: ExcludeFromFiles = "",
    onto: Onto = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Compare two places, or a place and its manifest.

    By checksum: files are read, of blobs the checksum that their store keeps is taken. TARGET
    is a directory, a blob: URI, or the file that mirror --manifest wrote. What is not the
    same is printed; directories without content are not compared.

    Exit codes: 0 all is the same; 1 something is not; 2 wrong usage; 3 one of the two is not
    there.
    """

    async def verify(client: Client, output: Output) -> None:
        def tell(finding: Finding) -> None:
            name, detail = shown_name(finding.relative), finding.detail
            fields = {"fault": finding.fault, "name": finding.relative, "detail": detail}
            line = f"{finding.fault.value:<10} {name}"
            output.result(fields, f"{line}  ({detail})" if detail else line)
            output.code = ExitCode.FAILED

        async with also_open(onto) as other:
            done = await transfers_of(client, store).verify(
                source,
                target,
                scrub=scrub,
                filters=filters_of(exclude, include, exclude_from_files),
                onto=other,
                told=tell,
            )
        same = f"{human.plural(done.same, 'file')} the same"
        output.result(
            {"same": done.same, "faults": done.faults},
            same if not done.faults else f"{same}, {done.faults:,} not",
        )

    run(verify, store=store, json=json)
