"""`holdall creds`: make temporary credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdall.cli.durations import seconds
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.profiles import Profile as Found
from holdall.cli.remote import Remote, run_remote


def command(
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="For so long: 15m, 1h, 36h at most.")
    ] = "1h",
    bucket: Annotated[
        list[str] | None, typer.Option("--bucket", help="Only for this one. May be repeated.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only for reading.")] = False,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="FILE", help="A policy narrows them further.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make temporary credentials.

    They reach no further than your own, and are printed as variables of a shell.

    Exit codes: 0 printed; 1 the server refused it or cannot be reached; 2 wrong usage.
    """

    text = None if policy is None else _text(policy)

    async def work(remote: Remote, output: Output) -> None:
        made = await remote.post(
            "/credentials",
            seconds=seconds(expires),
            buckets=bucket or None,
            read_only=read_only,
            policy=text,
        )
        found = Found(
            remote.profile.endpoint,
            made["region"],
            made["access_key"],
            made["secret_key"],
            made["session_token"],
        )
        output.result(found.variables | {"expires_at": made["expires_at"]}, *found.exports)

    run_remote(work, profile=profile, store=store, json=json)


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read") from error
