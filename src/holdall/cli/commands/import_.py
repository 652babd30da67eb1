"""`holdall import`: make a bucket at another provider known to a server."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from holdall.cli.fields import bucket_fields
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.profiles import Profile as Found
from holdall.cli.secrets import asked
from holdall.cli.served import run_served
from holdall.client.client import Client
from holdall.client.values.bucket import Bucket

SECRET = "HOLDALL_IMPORT_SECRET"


class Provider(Enum):
    AWS = "aws"
    MINIO = "minio"
    AZURE = "azure"
    GCP = "gcp"


def command(
    provider: Annotated[
        Provider, typer.Argument(metavar="aws|minio|azure|gcp", show_default=False)
    ],
    theirs: Annotated[str, typer.Argument(metavar="BUCKET", show_default=False)],
    access_key: Annotated[
        str | None, typer.Option("--access-key", metavar="ID", help="A key of aws or minio.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="The key of a service account of gcp."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What it is called here; as there without it."),
    ] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option("--endpoint-url", metavar="URL", help="Where minio is, or azure's account."),
    ] = None,
    region: Annotated[str, typer.Option("--region", help="The bucket's.")] = "us-east-1",
    org: Annotated[
        str | None, typer.Option("--org", metavar="ORG", help="Whom it is for; you without it.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make a bucket at another provider known to a server.

    minio is whoever speaks S3 and is not Amazon. The secret key, for azure that of the account or
    a shared access signature, is $HOLDALL_IMPORT_SECRET; else it is asked for, or read from
    standard input. The server tries the key before it keeps it, sealed, and hands it to nobody:
    who may use the bucket gets temporary credentials and signed addresses. Nothing in the bucket
    is moved; 'holdall rb' forgets it and leaves it as it is.

    Exit codes: 0 imported; 1 the server refused it or cannot be reached; 2 wrong usage, or the
    provider refused the key or has no such bucket.
    """
    given = _fields(provider, access_key, endpoint_url, region, key_file)

    async def work(client: Client, found: Found, output: Output) -> None:
        credentials = given if provider is Provider.GCP else given | _secret(provider)
        made = await client.buckets.import_external(
            Bucket.Provider(provider.value),
            theirs,
            credentials,
            name,
            org_name=org,
        )
        output.result(bucket_fields(made), f"imported blob:{made.name}")

    run_served(work, profile=profile, store=store, json=json)


def _fields(
    provider: Provider,
    access_key: str | None,
    endpoint_url: str | None,
    region: str,
    key_file: Path | None,
) -> dict[str, str]:
    """What is not secret; of Google all of it."""
    where = {} if endpoint_url is None else {"endpoint_url": endpoint_url}
    if provider is Provider.GCP:
        return {"service_account_key": _read(key_file), **where}
    if provider is Provider.AZURE:
        if endpoint_url is None:
            raise typer.BadParameter(
                "azure needs --endpoint-url https://ACCOUNT.blob.core.windows.net"
            )
        return {"storage_endpoint": endpoint_url}
    if access_key is None:
        raise typer.BadParameter(f"{provider.value} needs --access-key")
    return {"region_name": region, "access_key_id": access_key, **where}


def _secret(provider: Provider) -> dict[str, str]:
    secret = os.environ.get(SECRET) or asked("secret key", hidden=True)
    if provider is Provider.AZURE:
        return {"sas_token" if "sig=" in secret else "account_key": secret}
    return {"secret_access_key": secret}


def _read(key_file: Path | None) -> str:
    if key_file is None:
        raise typer.BadParameter("gcp needs --key-file")
    try:
        return key_file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{key_file} cannot be read") from error
