"""`holdall events`: follow what happens in buckets."""

from __future__ import annotations

import json as documents
from typing import Annotated, Any

import typer

from holdall.cli.completing import uris
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import blob
from holdall.cli.printable import shown_name
from holdall.cli.remote import Remote, run_remote
from holdall.core.errors import Conflict


def command(
    uri: Annotated[
        str, typer.Argument(metavar="[URI]", show_default=False, autocompletion=uris)
    ] = "",
    after: Annotated[
        int | None, typer.Option("--after", metavar="SEQ", help="From there on, 0 all.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", help="End after so many.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Follow what happens in buckets.

    URI is blob:BUCKET or blob:BUCKET/PREFIX; without it all is told that you may list. Each
    event has a number; --after it goes on where you left off.

    Exit codes: 0 so many were told; 1 the server ended it or cannot be reached; 2 wrong
    usage; 3 no such bucket; 130 stopped by Ctrl-C.
    """

    async def work(remote: Remote, output: Output) -> None:
        query = _query(uri, after)
        left = count
        if left == 0:
            return
        async for kind, data in remote.stream("/events", **query):
            if kind == "resume":
                raise Conflict(f"what is asked for is forgotten: go on with --after {data}")
            event = documents.loads(data)
            output.result(event, _line(event))
            output.flush()
            left = None if left is None else left - 1
            if left == 0:
                return
        raise Conflict("the server ended the stream; --after goes on")

    run_remote(work, profile=profile, store=store, json=json)


def _query(uri: str, after: int | None) -> dict[str, str]:
    query = {} if after is None else {"after": str(after)}
    if uri:
        named = blob(uri)
        query |= {"bucket": named.bucket, "prefix": named.key}
    return query


def _line(event: dict[str, Any]) -> str:
    place = event["bucket"] or "-"
    if event["key"] is not None:
        place += f"/{shown_name(event['key'])}"
    return f"{event['seq']}  {event['time']}  {event['kind']:<14}  {place}  by {event['actor']}"
