"""`holdall env`: print what a shell needs to reach a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdall.cli import profiles
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.running import run_blocking
from holdall.core.errors import NotFound


def command(
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", show_default=False, help="A store that is served.")
    ] = "",
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Print what a shell needs to reach a server.

    With DIR it is the server that was last started on that store, as its administrator.
    Use it as: eval "$(holdall env DIR)". HOLDALL_STORE is the server to Holdall's own commands;
    AWS_ENDPOINT_URL, for the aws tool and boto3, is the same to S3. The key in AWS_ACCESS_KEY_ID
    and AWS_SECRET_ACCESS_KEY is for both.

    Exit codes: 0 printed; 2 wrong usage; 3 no such server.
    """
    run_blocking(lambda output: env(output, directory, profile, store), json=json)


def env(output: Output, directory: str, profile: str | None, store: str) -> None:
    found = _chosen(directory, profile, store)
    output.result(found.server_variables, *found.server_exports)


def _chosen(directory: str, profile: str | None, store: str) -> profiles.Profile:
    if not directory:
        return profiles.find(profile, store)
    found = profiles.of_store(Path(directory))
    if found is None:
        raise NotFound(f"no server was started on {directory}: 'holdall serve {directory}'")
    return found
