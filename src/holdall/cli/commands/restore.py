"""`holdall restore`: make an old revision of a blob the newest one."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from holdall.cli.completing import uris
from holdall.cli.fields import blob_fields
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import blob_with_key
from holdall.cli.revisions import revision_ref
from holdall.cli.running import run
from holdall.client.client import Client

# `-2` is a revision here and not an option.
SETTINGS: Final[dict[str, Any]] = {"ignore_unknown_options": True}


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    revision: Annotated[str, typer.Argument(metavar="REVISION", show_default=False)],
    store: Store = "",
    json: Json = False,
) -> None:
    """Make an old revision of a blob the newest one.

    REVISION is a number (0 the original, -1 the newest, -2 the one before it) or a version
    id; see versions. Nothing is lost: the revisions in between stay.

    Exit codes: 0 restored; 1 the store failed; 2 wrong usage; 3 no such blob or revision.
    """
    run(lambda client, output: restore(client, output, uri, revision), store=store, json=json)


async def restore(client: Client, output: Output, text: str, revision: str) -> None:
    named = blob_with_key(text)
    chosen = revision_ref(revision)
    assert chosen is not None  # only an absent text is None
    restored = await client.buckets.restore(str(named), chosen)
    line = f"{named} is as revision {revision} was; this is revision {restored.revision}"
    output.result(blob_fields(restored), line)
