"""`holdall tree`: show directories as a tree, with what each holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.finding import Directories
from holdall.cli.options import At, Json, Store, moment
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.cli.trees import Branch, Tree
from holdall.client.client import Client
from holdall.client.values.entry import BucketEntry
from holdall.core.errors import BlobNotFound


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    level: Annotated[
        int | None,
        typer.Option("-L", "--level", metavar="DEPTH", min=1, help="Show so many levels only."),
    ] = None,
    at: At = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Show directories as a tree, with what each holds.

    URI is blob:BUCKET or blob:BUCKET/DIRECTORY/. Below -L directories are counted and not
    shown. All that is shown is held in memory. --json prints a document a line.

    Sizes are rounded on a terminal and bytes elsewhere.

    Exit codes: 0 shown; 1 the store failed; 2 wrong usage; 3 nothing of that name.
    """

    async def work(client: Client, output: Output) -> None:
        named = blob(uri).as_directory()
        tree = Tree(level)
        directories = Directories(named.key)
        listing = client.buckets.list_blobs(str(named), recursive=True, limit=None, at=moment(at))
        async with listing as entries:
            if not await _grow(tree, directories, entries, len(named.key)) and named.key:
                raise BlobNotFound(f"there is nothing below {named}", key=named.key)
        show(output, named, tree)

    run(work, store=store, json=json)


async def _grow(
    tree: Tree, directories: Directories, entries: AsyncIterator[BucketEntry], top: int
) -> bool:
    """Whether there was anything."""
    is_empty = True
    async for entry in entries:
        is_empty = False
        for directory in directories.new(entry):
            tree.add_directory(directory.key[top:])
        if entry.is_file():
            tree.add_blob(entry.key[top:], entry.size)
    return not is_empty


def show(output: Output, named: Blob, tree: Tree) -> None:
    output.result(_fields(named, tree.root, depth=0), f"{named}")
    for twig in tree.drawn():
        place = named.at(named.key + twig.path)
        line = f"{twig.lines}{shown_name(twig.branch.name)}  {_held(output, twig.branch)}"
        output.result(_fields(place, twig.branch, depth=twig.depth), line)
    directories = _directories(tree.root.directories)
    output.say(
        f"{directories}, {human.plural(tree.root.files, 'file')}, {_size(output, tree.root)}"
    )


def _held(output: Output, branch: Branch) -> str:
    size = _size(output, branch)
    held = f"{human.plural(branch.files, 'file')}, {size}" if branch.is_directory else size
    return f"({held})"


def _size(output: Output, branch: Branch) -> str:
    return output.size(branch.size) if output.is_terminal else human.plural(branch.size, "byte")


def _directories(count: int) -> str:
    return "1 directory" if count == 1 else f"{count:,} directories"


def _fields(place: Blob, branch: Branch, *, depth: int) -> dict[str, Any]:
    fields = {"key": place.key, "uri": str(place), "depth": depth, "size": branch.size}
    if not branch.is_directory:
        return {"type": "blob", **fields}
    counts = {"files": branch.files, "directories": branch.directories}
    return {"type": "directory", **fields, **counts}
