"""`holdall du`: show how much buckets hold."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli.completing import uris
from holdall.cli.fields import usage_fields
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.running import run
from holdall.cli.tables import Column, Rows
from holdall.cli.usage import usage_of
from holdall.client.client import Client
from holdall.core.errors import HoldallError
from holdall.core.uris import BlobURI

_COLUMNS: Final = (
    Column("size", right=True),
    Column("blobs", right=True),
    Column("with revisions", right=True),
    Column("name"),
)


def command(
    uris: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URI]...", show_default=False, autocompletion=uris),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--bytes", "-b", help="Sizes in bytes on a terminal too.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Show how much buckets hold.

    URI is a bucket or a directory in one; without any, all buckets are shown. A bucket's
    figures are kept by the store; a directory's blobs are listed, and its revisions are not
    counted.

    Sizes are rounded on a terminal and bytes elsewhere. --json prints a document a line.

    Exit codes: 0 shown; 1 the store failed; 2 wrong usage; 3 nothing of that name, the
    others were shown.
    """
    run(lambda client, output: du(client, output, uris or [], exact=exact), store=store, json=json)


async def du(client: Client, output: Output, texts: list[str], *, exact: bool) -> None:
    places = [blob(text) for text in texts] or await _all_buckets(client)
    with output.rows(*_COLUMNS) as rows:
        for named in places:
            try:
                await _show(client, output, rows, named, exact)
            except HoldallError as error:
                is_named = str(named) in error.message
                output.fail(error, about="" if is_named else str(named))


async def _show(client: Client, output: Output, rows: Rows, named: Blob, exact: bool) -> None:
    usage = await usage_of(client, named)
    size = str if exact else output.size
    kept = size(usage.revision_bytes) if not named.key else "-"
    fields = {"uri": str(named)} | usage_fields(usage)
    if named.key:
        fields = {name: fields[name] for name in ("uri", "bytes", "blobs")}
    rows.add(fields, size(usage.total_bytes), str(usage.object_count), kept, str(named))


async def _all_buckets(client: Client) -> list[Blob]:
    async with client.buckets.list() as buckets:
        return [Blob(BlobURI(bucket=bucket.name or bucket.id)) async for bucket in buckets]
