"""`holdall cat`: write blobs to standard output."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import typer

from holdall.cli.completing import uris
from holdall.cli.descriptors import StreamWriter
from holdall.cli.fields import blob_fields
from holdall.cli.options import Json, Revision, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, Standard, blob_with_key
from holdall.cli.revisions import RevisionRef, revision_ref
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import HoldallError


def command(
    uris: Annotated[
        list[str], typer.Argument(metavar="URI...", show_default=False, autocompletion=uris)
    ],
    revision: Revision = None,
    offset: Annotated[
        int, typer.Option("--offset", metavar="BYTES", min=0, help="Begin there, not at 0.")
    ] = 0,
    store: Store = "",
    json: Json = False,
) -> None:
    """Write blobs to standard output.

    The bytes are written as they are, one blob after the other. --json prints a document
    a blob, its bytes in base64 as "data", and holds each blob in memory.

    Exit codes: 0 written; 1 the store failed; 2 wrong usage; 3 no such blob, the others
    were written.
    """
    chosen = revision_ref(revision)
    run(
        lambda client, output: cat(client, output, uris, revision=chosen, offset=offset),
        store=store,
        json=json,
    )


async def cat(
    client: Client, output: Output, texts: list[str], *, revision: RevisionRef, offset: int
) -> None:
    show = _as_json if output.as_json else _as_bytes
    for named in [blob_with_key(text) for text in texts]:
        try:
            await show(client, output, named, revision, offset)
        except HoldallError as error:
            output.fail(error)


async def _as_bytes(
    client: Client, output: Output, named: Blob, revision: RevisionRef, offset: int
) -> None:
    reading = client.buckets.fetch_blob(
        named.bucket, named.key, offset, **named.whose, revision=revision
    )
    async with reading as content, StreamWriter(Standard.STREAM) as out:
        async for chunk in content:
            await out.write(chunk)


async def _as_json(
    client: Client, output: Output, named: Blob, revision: RevisionRef, offset: int
) -> None:
    found = await client.buckets.head_blob(
        named.bucket, named.key, **named.whose, revision=revision
    )
    reading = client.buckets.fetch_blob(
        named.bucket, named.key, offset, **named.whose, revision=found.version
    )
    async with reading as content:
        data = b"".join([chunk async for chunk in content])
    output.result(blob_fields(found) | {"data": b64encode(data).decode()})
