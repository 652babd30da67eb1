"""`holdall public`: open a bucket to everybody, or close it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket
from holdall.cli.remote import Remote, run_remote, segment


class Switch(Enum):
    ON = "on"
    OFF = "off"


def command(
    name: Annotated[str, typer.Argument(metavar="BUCKET", show_default=False)],
    switch: Annotated[Switch, typer.Argument(show_default=False)],
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Open a bucket to everybody, or close it.

    Everybody may then read its objects, and nobody else may list or change them.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such bucket.
    """

    async def work(remote: Remote, output: Output) -> None:
        named = bucket(name).bucket
        is_public = switch is Switch.ON
        changed = await remote.patch(f"/buckets/{segment(named)}", public=is_public)
        place = f"{remote.profile.endpoint}/{named}/"
        told = f"everybody may read what is below {place}" if is_public else f"{named} is closed"
        output.result(changed, told)

    run_remote(work, profile=profile, store=store, json=json)
