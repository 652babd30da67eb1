"""`holdall backup`: copy the store while it is in use, or restore such a copy."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from holdall.cli import human
from holdall.cli.exit_codes import ExitCode
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.client.opening import connect
from holdall.core.errors import Conflict


def command(
    destination: Annotated[str, typer.Argument(metavar="DIR", show_default=False)],
    restore: Annotated[
        bool, typer.Option("--restore", help="The other way: make the store from the backup DIR.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Copy the store while it is in use, or restore such a copy.

    DIR is a new or empty directory. A backup is a store: --store DIR reads it as it is.
    With --restore the store at --store is made from the backup DIR; one that is there
    already, or any other files, are never overwritten. Each copy is checked at its end.

    Exit codes: 0 copied and sound; 1 it could not be copied, or the target is not empty; 2
    wrong usage; 3 no store; 4 the copy has damage.
    """
    source, target = (destination, store) if restore else (store, destination)
    run(lambda client, output: backup(client, output, source, target), store=source, json=json)


async def backup(client: Client, output: Output, source: str, target: str) -> None:
    demand_empty(Path(target))
    began = monotonic()
    await client.backup(target)
    seconds = monotonic() - began
    await _check(output, target)
    files, size = _size_of(Path(target))
    fields = {"from": source, "to": target, "files": files, "bytes": size}
    line = (
        f"copied {shown_name(source)} to {shown_name(target)}: {human.plural(files, 'file')}, "
        f"{human.size(size)} in {human.duration(seconds)}"
    )
    output.result(fields | {"seconds": round(seconds, 3)}, line)


async def _check(output: Output, target: str) -> None:
    """A copy that nobody looked at is a hope."""
    async with connect(Path(target), create=False) as copy:
        for problem in await copy.check():
            output.fail_saying(f"the copy is damaged: {problem.detail}", ExitCode.DAMAGED)


def demand_empty(target: Path) -> None:
    """`Conflict` unless nothing is there to be overwritten."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Conflict(f"{target} is not an empty directory; nothing was written", path=target)


def _size_of(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
