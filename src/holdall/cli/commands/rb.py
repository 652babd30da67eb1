"""`holdall rb`: remove a bucket."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import buckets
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import BucketNotEmpty


def command(
    name: Annotated[
        str, typer.Argument(metavar="BUCKET", show_default=False, autocompletion=buckets)
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Also when it holds blobs or revisions, for good.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Remove a bucket.

    One that still holds blobs, or only old revisions of them, is removed with --force.

    Exit codes: 0 removed; 1 it is not empty, or the store failed; 2 wrong usage; 3 no such
    bucket.
    """
    run(lambda client, output: rb(client, output, name, force=force), store=store, json=json)


async def rb(client: Client, output: Output, name: str, *, force: bool) -> None:
    named = bucket(name)
    try:
        await client.buckets.rm(named.bucket, **named.whose, force=force)
    except BucketNotEmpty as error:
        text = f"{error.message.removesuffix('.')}; --force removes it with all it holds, for good"
        raise BucketNotEmpty(text, bucket=named.bucket, usage=error.usage) from error
    output.result({"removed": str(named)}, f"removed {named}")
