"""`holdall ls`: list buckets, or what is in one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.fields import bucket_fields, entry_fields
from holdall.cli.options import At, Json, Store, moment
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.cli.tables import Column, Rows
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject, BucketEntry
from holdall.core.errors import BlobNotFound

_BUCKETS: Final = (Column("created"), Column("versioning"), Column("bucket"))
_LONG: Final = (
    Column("size", right=True),
    Column("modified"),
    Column("rev", right=True),
    Column("name"),
)


def command(
    uri: Annotated[
        str | None, typer.Argument(metavar="[URI]", show_default=False, autocompletion=uris)
    ] = None,
    long: Annotated[
        bool, typer.Option("-l", "--long", help="With size, time and revision number.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Everything below, not one level.")
    ] = False,
    at: At = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List buckets, or what is in one.

    URI is blob:BUCKET, blob:BUCKET/DIRECTORY/ or blob:BUCKET/KEY; without one the buckets
    are listed. Names are relative to the directory, in the order of their bytes; control
    characters in them are shown as \\x1b and the like, a backslash as two.

    On a terminal sizes are rounded and times are to the second; elsewhere columns are
    separated by tabs, sizes are bytes and times ISO 8601. --json prints a document a line.

    Exit codes: 0 listed; 1 the store failed; 2 wrong usage; 3 nothing of that name.
    """
    if uri is None:
        run(ls_buckets, store=store, json=json)
    run(
        lambda client, output: ls(
            client, output, str(uri), long=long, recursive=recursive, at=moment(at)
        ),
        store=store,
        json=json,
    )


async def ls_buckets(client: Client, output: Output) -> None:
    with output.rows(*_BUCKETS) as rows:
        async with client.buckets.list() as buckets:
            async for bucket in buckets:
                cells = output.time(bucket.created_at), bucket.versioning.value
                rows.add(bucket_fields(bucket), *cells, bucket.name or bucket.id)


async def ls(
    client: Client, output: Output, text: str, *, long: bool, recursive: bool, at: datetime | None
) -> None:
    named = blob(text)
    with output.rows(*_LONG) if long else output.names() as rows:
        listing = _Listing(output, rows, long)
        if not named.names_directory:
            await _list_blob(client, named, at, listing)
        await _list_below(client, named.as_directory(), recursive, at, listing)
    if listing.count == 0 and named.key:
        raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)


class _Listing:
    """Turns entries into rows and counts them."""

    def __init__(self, output: Output, rows: Rows, long: bool) -> None:
        self.count = 0
        self._output = output
        self._rows = rows
        self._long = long

    def add(self, entry: BucketEntry, name: str) -> None:
        self.count += 1
        if name:  # else the marker of the directory that is listed
            self._rows.add(entry_fields(entry), *self._details(entry), shown_name(name))

    def _details(self, entry: BucketEntry) -> tuple[str, ...]:
        if not self._long:
            return ()
        if not isinstance(entry, BlobObject):
            return "-", "-", "-"
        time = self._output.time(entry.modified_at)
        return self._output.size(entry.size), time, human.revision(entry.revision)


async def _list_blob(client: Client, named: Blob, at: datetime | None, listing: _Listing) -> None:
    """The blob of the very name. It is the first of those that begin with it."""
    async with client.buckets.list_blobs(str(named), recursive=True, limit=1, at=at) as entries:
        async for entry in entries:
            if entry.key == named.key:
                listing.add(entry, named.name or named.key)


async def _list_below(
    client: Client, named: Blob, recursive: bool, at: datetime | None, listing: _Listing
) -> None:
    found = client.buckets.list_blobs(str(named), recursive=recursive, limit=None, at=at)
    async with found as entries:
        async for entry in entries:
            name = entry.key.removeprefix(named.key)
            # A blob with bytes may have the directory's own name, slash and all.
            listing.add(entry, name or ("" if entry.is_dir() else named.key))
