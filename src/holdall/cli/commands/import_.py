"""`holdall import`: make a bucket at another provider known to a server."""

from __future__ import annotations

import os
from enum import Enum
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


def command(
    provider: Annotated[Provider, typer.Argument(show_default=False)],
    theirs: Annotated[str, typer.Argument(metavar="BUCKET", show_default=False)],
    access_key: Annotated[
        str, typer.Option("--access-key", metavar="ID", help="A key of the provider.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="What it is called here; as there without it.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", metavar="URL", help="Where minio is.")
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

    minio is whoever speaks S3 and is not Amazon. The secret key is $HOLDALL_IMPORT_SECRET; else
    it is asked for, or read from standard input. The server tries the key before it keeps it,
    sealed, and hands it to nobody: who may use the bucket gets temporary credentials and signed
    addresses. Nothing in the bucket is moved; 'holdall rb' forgets it and leaves it as it is.

    Exit codes: 0 imported; 1 the server refused it or cannot be reached; 2 wrong usage, or the
    provider refused the key.
    """
    fields = {"region_name": region, "access_key_id": access_key}
    if endpoint_url is not None:
        fields["endpoint_url"] = endpoint_url

    async def work(client: Client, found: Found, output: Output) -> None:
        secret = os.environ.get(SECRET) or asked("secret key", hidden=True)
        made = await client.buckets.import_external(
            Bucket.Provider(provider.value),
            theirs,
            {**fields, "secret_access_key": secret},
            name,
            org_name=org,
        )
        output.result(bucket_fields(made), f"imported blob:{made.name}")

    run_served(work, profile=profile, store=store, json=json)
