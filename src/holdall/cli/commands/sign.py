"""`holdall sign`: make an address that is good for a while."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import uris
from holdall.cli.durations import seconds
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import blob_with_key
from holdall.cli.profiles import Profile as Found
from holdall.cli.served import run_served
from holdall.client.client import Client


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="For so long: 90s, 1h, 7d at most.")
    ] = "1h",
    method: Annotated[
        str, typer.Option("--method", help="What for: GET, HEAD, PUT or DELETE.")
    ] = "GET",
    download_name: Annotated[
        str | None, typer.Option("--download-name", metavar="NAME", help="Saved under this name.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make an address that is good for a while.

    URI is blob:BUCKET/KEY. Whoever holds the address may do this one thing with the object
    until its time is over, as you may yourself.

    Exit codes: 0 printed; 1 the server refused it or cannot be reached; 2 wrong usage.
    """

    async def work(client: Client, found: Found, output: Output) -> None:
        named, good = blob_with_key(uri), seconds(expires)
        signed = await client.buckets.make_signed_url(
            str(named), good, method=method.upper(), download_name=download_name
        )
        fields = {"url": signed, "method": method.upper(), "expires_in": good}
        output.result(fields, str(signed))

    run_served(work, profile=profile, store=store, json=json)
