"""`holdall share`: share a bucket, or say whom it is shared with."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import buckets
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column


def command(
    name: Annotated[
        str, typer.Argument(metavar="BUCKET", show_default=False, autocompletion=buckets)
    ],
    grantee: Annotated[
        str, typer.Argument(metavar="[WHO]", show_default=False, help="A user, or org:NAME.")
    ] = "",
    level: Annotated[str, typer.Option("--level", help="How far: read, write or manage.")] = "read",
    remove: Annotated[bool, typer.Option("--remove", help="Share it no longer.")] = False,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Share a bucket, or say whom it is shared with.

    Without WHO those are listed that it is shared with.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such bucket, user or organisation.
    """

    async def work(remote: Remote, output: Output) -> None:
        place = f"/buckets/{segment(bucket(name).bucket)}/grants"
        if not grantee:
            await _list(remote, output, place)
            return
        who = grantee if ":" in grantee else f"user:{grantee}"
        if remove:
            await remote.delete(f"{place}/{segment(who)}")
            output.result({"grantee": who, "removed": True}, f"{who} has no share any more")
        else:
            made = await remote.put(f"{place}/{segment(who)}", level=level)
            output.result(made, f"{who} may {made['level']}")

    run_remote(work, profile=profile, store=store, json=json)


async def _list(remote: Remote, output: Output, place: str) -> None:
    with output.listing(Column("who"), Column("level")) as rows:
        async for grant in remote.every(place):
            rows.add(grant, grant["grantee"], grant["level"])
