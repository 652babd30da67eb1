"""`holdall public`: open a bucket to everybody, or close it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from holdall.cli.completing import buckets
from holdall.cli.fields import bucket_fields
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket
from holdall.cli.profiles import Profile as Found
from holdall.cli.served import run_served
from holdall.client.client import Client


class Switch(Enum):
    ON = "on"
    OFF = "off"


def command(
    name: Annotated[
        str, typer.Argument(metavar="BUCKET", show_default=False, autocompletion=buckets)
    ],
    switch: Annotated[Switch, typer.Argument(metavar="on|off", show_default=False)],
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Open a bucket to everybody, or close it.

    Everybody may then read its objects, and nobody else may list or change them.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such bucket.
    """

    async def work(client: Client, found: Found, output: Output) -> None:
        named, is_public = bucket(name), switch is Switch.ON
        changed = await client.buckets.set_public_access(named.bucket, is_public, **named.whose)
        place = f"{found.endpoint}/{named.bucket}/"
        told = f"everybody may read what is below {place}"
        output.result(bucket_fields(changed), told if is_public else f"{named.bucket} is closed")

    run_served(work, profile=profile, store=store, json=json)
