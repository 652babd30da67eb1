"""`holdall creds`: make temporary credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from holdall.cli.completing import buckets
from holdall.cli.durations import seconds
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob
from holdall.cli.places import bucket as named
from holdall.cli.profiles import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, TOKEN, exports
from holdall.cli.profiles import Profile as Found
from holdall.cli.remote import reached
from holdall.cli.served import run_served
from holdall.client.client import Client
from holdall.core.errors import PermissionDenied

_S3: Final = {
    ENDPOINT: "endpoint_url",
    REGION: "region_name",
    ACCESS_KEY: "access_key_id",
    SECRET_KEY: "secret_access_key",
    TOKEN: "session_token",
}
_AZURE: Final = {
    "AZURE_STORAGE_SERVICE_ENDPOINT": "storage_endpoint",
    "AZURE_STORAGE_SAS_TOKEN": "sas_token",
}
_GOOGLE: Final = {"CLOUDSDK_AUTH_ACCESS_TOKEN": "access_token"}


def command(
    one: Annotated[
        str, typer.Argument(metavar="[BUCKET]", show_default=False, autocompletion=buckets)
    ] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="For so long: 15m, 1h, 36h at most.")
    ] = "1h",
    bucket: Annotated[
        list[str] | None,
        typer.Option(
            "--bucket",
            metavar="BUCKET",
            autocompletion=buckets,
            help="Only for this one. May be repeated.",
        ),
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

    They reach no further than your own, and are printed as variables of a shell, as env does.
    With BUCKET they are good for an hour and for that bucket alone, wherever it is kept: for one
    that was imported they are its provider's. They are then for S3, and --store s3:// uses them,
    or for the tools of Azure or of Google.

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
            variables, ends = await _of_bucket(client, named(one))
            output.result(variables | {"expires_at": ends}, *exports(variables))
        else:
            await _demand_buckets(client, bucket or ())
            made, ends = await _of_own(found, wanted)
            output.result(made.server_variables | {"expires_at": ends}, *made.server_exports)

    run_served(work, profile=profile, store=store, json=json)


async def _of_bucket(client: Client, bucket: Blob) -> tuple[dict[str, str], str]:
    """As variables, and when they end. Each provider has names of its own for them."""
    made = await client.buckets.request_tmp_credentials(bucket.bucket, **bucket.whose)
    fields = made.credentials
    if "sas_token" in fields:
        return _shown(fields, _AZURE), fields["expiry"]
    if "access_token" in fields:
        return _shown(fields, _GOOGLE), fields["expire_time"]
    return _shown(fields, _S3), fields["expiration"]


def _shown(fields: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {name: fields[field] for name, field in names.items()}


async def _demand_buckets(client: Client, names: Iterable[str]) -> None:
    """`BucketNotFound` for a misspelt one; the server narrows to names and does not look."""
    for name in names:
        with suppress(PermissionDenied):  # it is there, for others to look at
            await client.buckets.get(name)


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
