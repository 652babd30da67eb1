"""`holdall tag`: show, set and remove the tags of a blob."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from holdall.cli.completing import uris
from holdall.cli.options import Json, Revision, Store
from holdall.cli.output import Output
from holdall.cli.places import blob_with_key
from holdall.cli.revisions import RevisionRef, revision_ref
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import InvalidArgument, NotFound


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    pairs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", show_default=False, help="Tags to set."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="NAME", help="Remove this one. Repeatable."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all others.")] = False,
    revision: Revision = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Show, set and remove the tags of a blob.

    Prints the tags that it then has, a line each. At a server and at providers they are ten at
    most. They belong to one revision, by default the current one; the next one that is written
    begins without. Of two who change the same tags at once, one may undo what the other did.

    Exit codes: 0 done; 1 the store failed; 2 wrong usage; 3 no such blob, revision, or tag to
    remove.
    """
    chosen = revision_ref(revision)
    run(
        lambda client, output: tag(
            client, output, uri, pairs or [], remove or [], clear=clear, revision=chosen
        ),
        store=store,
        json=json,
    )


async def tag(
    client: Client,
    output: Output,
    text: str,
    pairs: list[str],
    remove: list[str],
    *,
    clear: bool,
    revision: RevisionRef,
) -> None:
    named, wanted = blob_with_key(text), dict(map(_pair, pairs))
    found = await client.buckets.head_blob(
        named.bucket, named.key, **named.whose, revision=revision
    )
    kept = {} if clear else _without(found.tags, remove)
    tags = {**kept, **wanted}
    if tags != found.tags:
        # Of just that revision, whatever was written since.
        await client.buckets.set_tags(str(named), tags, revision=found.version or revision)
    output.result({"uri": str(named), "tags": tags}, *(f"{n}={v}" for n, v in tags.items()))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InvalidArgument(f"{text!r} is no tag such as colour=blue", actual=text)
    return name, value


def _without(tags: Mapping[str, str], names: list[str]) -> dict[str, str]:
    missing = [name for name in names if name not in tags]
    if missing:
        raise NotFound(f"there is no tag {missing[0]!r}", actual=missing[0])
    return {name: value for name, value in tags.items() if name not in names}
