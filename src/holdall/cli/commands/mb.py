"""`holdall mb`: make a bucket."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.fields import bucket_fields
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import InvalidArgument


def command(
    name: Annotated[str, typer.Argument(metavar="BUCKET", show_default=False)],
    unversioned: Annotated[
        bool, typer.Option("--unversioned", help="Keep no revision that was replaced or deleted.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make a bucket.

    The store is made with it where there is none yet.

    BUCKET is a name of 1 to 63 of the characters a-z 0-9 . - _ or blob:NAME.

    Exit codes: 0 made; 1 there is one of that name, or the store failed; 2 wrong usage.
    """
    run(
        lambda client, output: mb(client, output, name, versioned=not unversioned),
        store=store,
        json=json,
        may_create=True,
    )


async def mb(client: Client, output: Output, name: str, *, versioned: bool) -> None:
    named = bucket(name)
    if named.uri.owner not in (None, client.username):
        raise InvalidArgument(f"{named}: you are {client.username} here", actual=str(named))
    made = await client.buckets.create(named.bucket, named.uri.cluster, versioned=versioned)
    output.result(bucket_fields(made), f"made blob:{made.name}")
