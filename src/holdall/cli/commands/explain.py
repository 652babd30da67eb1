"""`holdall explain`: say why somebody may or may not do something."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli.completing import uris
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import blob
from holdall.cli.remote import Remote, run_remote

_ANYBODY: Final = "anonymous"  # the server's word


def command(
    operation: Annotated[str, typer.Argument(metavar="OPERATION", show_default=False)],
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Who; else you, with your key.")
    ] = None,
    access_key: Annotated[
        str | None, typer.Option("--access-key", metavar="ID", help="Who: whoever holds this key.")
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Who: anybody, without a key.")
    ] = False,
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

    if sum((user is not None, access_key is not None, anonymous)) > 1:
        raise typer.BadParameter("--user, --access-key and --anonymous exclude each other")

    async def work(remote: Remote, output: Output) -> None:
        named = blob(uri)
        answer = await remote.post(
            "/explain",
            operation=operation,
            bucket=named.bucket,
            key=named.key or None,
            user=_ANYBODY if anonymous else user,
            access_key=access_key,
            source_ip=source_ip,
        )
        output.result(answer, answer["text"])

    run_remote(work, profile=profile, store=store, json=json)
