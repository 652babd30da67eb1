"""`holdall bench`: measure how fast a place is."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.bench.measuring import Bench, Scale
from holdall.cli.bench.places import measured
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.running import run, run_without_store
from holdall.cli.sizes import bytes_of
from holdall.client.client import Client
from holdall.core.errors import InvalidArgument


def command(
    where: Annotated[str, typer.Argument(metavar="[WHERE]", show_default=False)] = "",
    blobs: Annotated[
        int, typer.Option("--blobs", metavar="N", min=1, help="So many small ones.")
    ] = 1000,
    size: Annotated[
        str, typer.Option("--size", metavar="BYTES", help="The size of the large one.")
    ] = "64M",
    store: Store = "",
    json: Json = False,
) -> None:
    """Measure how fast a place is.

    WHERE is the name of a cluster, an address such as https://HOST, a store, or any directory,
    in which a store is made for the time being; without it, it is the store that other commands
    use. Small blobs and a large one are written to a bucket of their own, listed, read, compared
    and removed with it.

    The figures are those of this machine, now, through this command, whose own work is part of
    them; what was just written is mostly read from memory. --json prints a document a step.

    Exit codes: 0 measured; 1 the place failed; 2 wrong usage; 3 no such place; 130 stopped by
    Ctrl-C.
    """

    async def bench(client: Client, output: Output) -> None:
        await Bench(client, output, _scale(blobs, size)).run()

    async def there(output: Output) -> None:
        async with measured(where) as client:
            await bench(client, output)

    if not where:
        run(bench, store=store, json=json)
    run_without_store(there, json=json)


def _scale(blobs: int, size: str) -> Scale:
    wanted = bytes_of(size)
    if not wanted:
        raise InvalidArgument(f"{size!r} is no size such as 64M", actual=size)
    return Scale(blobs, wanted)
