"""`holdall explain`: say why somebody may or may not do something."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import uris
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import blob
from holdall.cli.remote import Remote, run_remote


def command(
    operation: Annotated[str, typer.Argument(metavar="OPERATION", show_default=False)],
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="Who; else an anonymous caller.")
    ] = "anonymous",
    access_key: Annotated[
        str | None, typer.Option("--access-key", metavar="ID", help="Who: whoever holds this key.")
    ] = None,
    source_ip: Annotated[
        str, typer.Option("--source-ip", metavar="ADDRESS", help="From where.")
    ] = "127.0.0.1",
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Say why somebody may or may not do something.

    OPERATION is one of S3, such as GetObject, or an action, such as s3:GetObject; URI is
    blob:BUCKET or blob:BUCKET/KEY. The answer names the rule that decides, and the document
    that it stands in. For those who manage the bucket.

    Exit codes: 0 explained, whatever the answer is; 1 the server refused it or cannot be
    reached; 2 wrong usage; 3 no such bucket, user or key.
    """

    async def work(remote: Remote, output: Output) -> None:
        named = blob(uri)
        answer = await remote.post(
            "/explain",
            operation=operation,
            bucket=named.bucket,
            key=named.key or None,
            user=user,
            access_key=access_key,
            source_ip=source_ip,
        )
        output.result(answer, answer["text"])

    run_remote(work, profile=profile, store=store, json=json)
