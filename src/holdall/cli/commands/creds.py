"""`holdall creds`: make temporary credentials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from holdall.cli.durations import seconds
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob
from holdall.cli.places import bucket as named
from holdall.cli.profiles import Profile as Found
from holdall.cli.remote import reached
from holdall.cli.served import run_served
from holdall.client.client import Client


def command(
    one: Annotated[str, typer.Argument(metavar="[BUCKET]", show_default=False)] = "",
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

    They reach no further than your own, and are printed as variables of a shell. With BUCKET
    they are good for an hour and for that bucket alone, wherever it is kept: for one that was
    imported they are its provider's.

    Exit codes: 0 printed; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such bucket.
    """
    text = None if policy is None else _text(policy)
    wanted = {
        "seconds": seconds(expires),
        "buckets": bucket or None,
        "read_only": read_only,
        "policy": text,
    }
    if one and (bucket or read_only or policy or expires != "1h"):
        raise typer.BadParameter("BUCKET stands alone")

    async def work(client: Client, found: Found, output: Output) -> None:
        if one:
            made, ends = await _of_bucket(client, named(one))
        else:
            made, ends = await _of_own(found, wanted)
        output.result(made.variables | {"expires_at": ends}, *made.exports)

    run_served(work, profile=profile, store=store, json=json)


async def _of_bucket(client: Client, bucket: Blob) -> tuple[Found, str]:
    made = await client.buckets.request_tmp_credentials(bucket.bucket, **bucket.whose)
    fields = made.credentials
    found = Found(
        fields["endpoint_url"],
        fields["region_name"],
        fields["access_key_id"],
        fields["secret_access_key"],
        fields["session_token"],
    )
    return found, fields["expiration"]


async def _of_own(profile: Found, wanted: Mapping[str, Any]) -> tuple[Found, str]:
    async with reached(profile) as remote:
        made = await remote.post("/credentials", **wanted)
    found = Found(
        profile.endpoint,
        made["region"],
        made["access_key"],
        made["secret_key"],
        made["session_token"],
    )
    return found, made["expires_at"]


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read") from error
