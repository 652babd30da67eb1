"""`holdall sweep`: clear away what crashed writers left behind."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from holdall.cli import human
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.running import run
from holdall.client.client import Client


def command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Clear away what crashed writers left behind.

    Nothing that a blob or a revision needs is touched, nor what a living writer is at work
    on. It does no harm at any time, while the store is in use too.

    Exit codes: 0 swept; 1 another sweep is at work, or the store failed; 2 wrong usage; 3
    no store.
    """
    run(lambda client, output: sweep(client, output, dry_run=dry_run), store=store, json=json)


async def sweep(client: Client, output: Output, *, dry_run: bool) -> None:
    swept = await client.sweep(dry_run=dry_run)
    would = "would remove" if dry_run else "removed"
    output.result(
        asdict(swept) | {"dry_run": dry_run},
        f"{would} {human.plural(swept.deleted, 'payload')} that nothing refers to any more, "
        f"{human.plural(swept.abandoned, 'payload')} of dead writers, "
        f"{human.plural(swept.staging, 'unfinished file')}",
    )
