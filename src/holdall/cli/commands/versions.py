"""`holdall versions`: list the revisions of a blob."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.fields import blob_fields
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import blob_with_key
from holdall.cli.running import run
from holdall.cli.tables import Column
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject
from holdall.core.errors import BlobNotFound

_COLUMNS: Final = (
    Column("rev", right=True),
    Column("size", right=True),
    Column("written"),
    Column("state"),
    Column("version"),
)


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    store: Store = "",
    json: Json = False,
) -> None:
    """List the revisions of a blob.

    Newest first, delete markers included. Revisions are numbered from 0 in the order they
    were written; the times are as ls --at takes them. --json prints a document a line.

    Exit codes: 0 listed; 1 the store failed; 2 wrong usage; 3 there never was such a blob,
    or all its revisions were removed.
    """
    run(lambda client, output: versions(client, output, uri), store=store, json=json)


async def versions(client: Client, output: Output, text: str) -> None:
    named = blob_with_key(text)
    is_empty = True
    with output.rows(*_COLUMNS) as rows:
        async with client.buckets.revisions(str(named)) as revisions:
            async for revision in revisions:
                rows.add(blob_fields(revision), *_cells(output, revision))
                is_empty = False
    if is_empty:
        raise BlobNotFound(f"{named} has no revisions", bucket=named.bucket, key=named.key)


def _cells(output: Output, revision: BlobObject) -> tuple[str, ...]:
    state = "current" if revision.is_current else "-"
    return (
        str(revision.revision),
        "-" if revision.is_marker else output.size(revision.size),
        human.exact_time(revision.modified_at),
        "deleted" if revision.is_marker else state,
        revision.version,
    )
