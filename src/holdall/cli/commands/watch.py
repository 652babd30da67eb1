"""`holdall watch`: follow what changes below a name."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Final

import typer

from holdall.cli.completing import uris
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import HistoryGone
from holdall.core.values import Event

PATIENCE: Final = 3.0
"""Seconds until it is said that nothing is after the number that was given."""


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    after: Annotated[
        int | None,
        typer.Option("--after", metavar="SEQ", min=0, help="All after that event, 0 all kept."),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="End after so many.")
    ] = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Follow what changes below a name.

    URI is blob:BUCKET, blob:BUCKET/DIRECTORY/ or blob:BUCKET/KEY, in a directory, where other
    processes are noticed too, or at a server. What happens is printed as it happens: its
    number, its time, what it is (written, deleted, removed for good, tagged, marked), its URI
    and the size. --after goes on behind a number. --json prints a document a line.

    Exit codes: 0 so many were told; 1 the store failed, or what is asked for is forgotten; 2
    wrong usage; 3 no such bucket; 130 stopped by Ctrl-C.
    """
    run(
        lambda client, output: watch(client, output, uri, after=after, count=count),
        store=store,
        json=json,
    )


async def watch(
    client: Client, output: Output, text: str, *, after: int | None, count: int | None
) -> None:
    named = blob(text)
    try:
        async with client.buckets.watch(str(named), after=after) as events:
            if output.shows_bars:
                output.note(f"watching {named}; Ctrl-C ends it")
            silence = None if after is None else _silence(output, named, after)
            told = 0
            async for event in events:
                if silence is not None:
                    silence.cancel()
                _tell(output, named, event)
                told += 1
                if told == count:
                    return
    except HistoryGone as error:
        first = error.floor
        raise HistoryGone(f"{error.message} Those kept begin with {first}", floor=first) from error


def _silence(output: Output, named: Blob, after: int) -> asyncio.TimerHandle:
    """Tells in a while that it waits: with a mistaken number it would seem to hang."""
    text = f"nothing happened to {named} after {after} yet; waiting for it"
    return asyncio.get_running_loop().call_later(PATIENCE, output.note, text)


def _tell(output: Output, named: Blob, event: Event) -> None:
    place = str(named.at(event.key or ""))
    size = f"  {output.size(event.size or 0)}" if event.kind == "written" else ""
    line = f"{event.seq}  {output.time(event.time)}  {event.kind:<8}  {place}{size}"
    output.result(asdict(event) | {"uri": place}, line)
    output.flush()
