"""`holdall find`: find blobs by name, size and time."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.completing import uris
from holdall.cli.fields import entry_fields
from holdall.cli.finding import Directories, Kind, SizeRange, Wanted, moment_of, name_pattern
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.running import run
from holdall.cli.tables import Rows
from holdall.client.client import Client
from holdall.client.values.entry import BucketEntry
from holdall.core.errors import BlobNotFound, InvalidArgument


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="GLOB", help="Named so, after the last /: *, ?, [...]."),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option("--type", metavar="f|d", help="Blobs (f) or directories (d).")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="SIZE", help="More than +10M, less than -500k, just 0."),
    ] = None,
    newer: Annotated[
        str | None,
        typer.Option("--newer", metavar="TIME", help="Since 2026-05-17T09:30, or 30d ago."),
    ] = None,
    older: Annotated[
        str | None, typer.Option("--older", metavar="TIME", help="Until then, or so long ago.")
    ] = None,
    print0: Annotated[
        bool, typer.Option("--print0", help="End each with NUL, for xargs -0.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Find blobs by name, size and time.

    URI is blob:BUCKET or blob:BUCKET/DIRECTORY/. What fits all conditions is printed as URIs
    that other commands take, in the order of their bytes; directories, which end with a slash,
    have neither size nor time. --json prints a document a line.

    Exit codes: 0 found, or nothing fits; 1 the store failed; 2 wrong usage; 3 nothing of that
    name.
    """

    async def work(client: Client, output: Output) -> None:
        if print0 and json:
            raise InvalidArgument("--print0 and --json do not go together")
        wanted = Wanted(
            name=None if name is None else name_pattern(name),
            kind=kind,
            size=None if size is None else SizeRange.parse(size),
            newer=None if newer is None else moment_of(newer),
            older=None if older is None else moment_of(older),
        )
        with output.names(end="\0" if print0 else "\n") as rows:
            await find(client, rows, blob(uri), wanted)

    run(work, store=store, json=json)


async def find(client: Client, rows: Rows, named: Blob, wanted: Wanted) -> None:
    top = named.as_directory().key
    directories = Directories(top)
    count = 0
    async with client.buckets.list_blobs(str(named), recursive=True, limit=None) as entries:
        async for entry in entries:
            if entry.key != named.key and not entry.key.startswith(top):
                continue
            count += 1
            above = directories.new(entry) if wanted.takes_directories else []
            for found in (*above, *_itself(entry)):
                if found in wanted:
                    rows.add(entry_fields(found), str(named.at(found.key)))
    if named.key and count == 0:
        raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)


def _itself(entry: BucketEntry) -> tuple[BucketEntry, ...]:
    """The marker of a directory is found as that directory."""
    return () if entry.is_dir() else (entry,)
