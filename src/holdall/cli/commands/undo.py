"""`holdall undo`: take back the latest change of a blob."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli import undoing
from holdall.cli.completing import uris
from holdall.cli.fields import blob_fields
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import blob_with_key
from holdall.cli.running import run
from holdall.client.client import Client


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    store: Store = "",
    json: Json = False,
) -> None:
    """Take back the latest change of a blob.

    A removed blob comes back; of one that was written over, the revision before becomes the
    newest one; one that had been removed and was written again is removed. Every revision
    stays in the history, so a second undo takes back the first.

    Exit codes: 0 taken back; 1 nothing was there before the change, or the store failed; 2
    wrong usage; 3 there never was such a blob.
    """
    run(lambda client, output: undo(client, output, uri), store=store, json=json)


async def undo(client: Client, output: Output, text: str) -> None:
    named = blob_with_key(text)
    undone = await undoing.undo(client, named)
    fields = {"undone": undone.change.value, "uri": str(named)}
    if undone.before is None or undone.now is None:
        output.result(fields, f"{named} is removed again")
        return
    line = f"{named} is as revision {undone.before.revision} was; this is revision"
    output.result(fields | blob_fields(undone.now), f"{line} {undone.now.revision}")
