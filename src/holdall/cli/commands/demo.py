"""`holdall demo`: store a real folder tree, prove it is all there, and clean up."""

from __future__ import annotations

import shutil
import tempfile
from asyncio import to_thread
from pathlib import Path
from typing import Annotated

import typer

from holdall.cli.demo.steps import Demo
from holdall.cli.demo.tree import Tree, standard_library
from holdall.cli.options import Json
from holdall.cli.output import Output
from holdall.cli.running import run_without_store
from holdall.client.client import connect
from holdall.core.errors import NotADirectory


def command(
    tree: Annotated[
        str | None,
        typer.Option("--tree", metavar="DIR", help="This tree, not Python's standard library."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the store, and say where.")] = False,
    json: Json = False,
) -> None:
    """Store a real folder tree, prove it is all there, and clean up.

    In a temporary store: stores the tree and reads it back, compares every byte, changes a
    file, shows its revisions, restores the original, deletes it and takes that back, lists
    the tree as it stood before, and checks the store byte by byte. The tree itself is only
    read. --json prints a document a step.

    Exit codes: 0 all of it is true; 1 a step failed; 2 wrong usage; 4 something was not as
    it must be; 130 stopped by Ctrl-C.
    """
    chosen = Tree(Path(tree)) if tree else standard_library()
    run_without_store(lambda output: demo(output, chosen, keep=keep), json=json)


async def demo(output: Output, tree: Tree, *, keep: bool) -> None:
    if not tree.path.is_dir():
        raise NotADirectory(f"{tree.path} is no directory", path=tree.path)
    place = Path(tempfile.mkdtemp(prefix="holdall-demo-"))
    try:
        async with connect(place / "store") as client:
            await Demo(client, output, tree, place).run()
    finally:
        await to_thread(_leave, output, place, keep)


def _leave(output: Output, place: Path, keep: bool) -> None:
    shutil.rmtree(place / "copy", ignore_errors=True)
    store = place / "store"
    if keep:
        text = f"the store; look at it with: holdall --store {store} ls blob:demo"
        output.fact("kept", text, {"store": str(store)})
        return
    shutil.rmtree(place, ignore_errors=True)
    output.fact("cleaned up", f"{place} is gone", {"removed": str(place)})
