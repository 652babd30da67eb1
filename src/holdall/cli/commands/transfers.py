"""`holdall transfers`: large files that were interrupted on their way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.cli.tables import Column
from holdall.cli.transfer.options import Rate, limits_of
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.state import transfers_of
from holdall.cli.transfer.tally import Tally
from holdall.cli.transfer.watching import watched
from holdall.client.client import Client
from holdall.core.errors import HoldallError, InvalidArgument
from holdall.transfer.entries import Entry
from holdall.transfer.transfers import Transfers

_RESUME = "'holdall transfers resume' goes on from there"


def command(
    action: Annotated[
        str, typer.Argument(metavar="[list|resume|forget]", show_default=False)
    ] = "list",
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", show_default=False)] = None,
    rate: Rate = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List, resume and forget interrupted transfers.

    Files of 16 MiB and more that were on their way to or from the store when their command
    ended, in whatever manner. resume finishes those named, or all: what arrived is not
    transferred again; where what is to be sent changed since, it says so and forgets the
    transfer; where the target was written since, it leaves both as they are. forget gives up
    those named, with the parts that were stored and the temporary file.

    Exit codes: 0 done; 1 a transfer failed; 2 wrong usage; 3 no such transfer; 130 stopped by
    Ctrl-C.
    """
    run(
        lambda client, output: transfers(client, output, action, ids or [], store, rate),
        store=store,
        json=json,
    )


async def transfers(
    client: Client, output: Output, action: str, ids: Sequence[str], store: str, rate: str | None
) -> None:
    known = transfers_of(client, store, limits=limits_of(rate))
    if action == "list" and not ids:
        await _list(known, output)
    elif action == "resume":
        wanted = ids or [entry.id for entry in await known.unfinished()]
        await _resume(known, output, wanted, Resuming(known, store))
    elif action == "forget" and ids:
        await _forget(known, output, ids)
    else:
        raise InvalidArgument("say list, resume [ID...], or forget ID...", actual=action)


async def _list(known: Transfers, output: Output) -> None:
    with output.listing(
        Column("id"), Column("size", right=True), Column("from"), Column("to")
    ) as rows:
        for entry in await known.unfinished():
            size, ends = output.size(entry.size), (shown_name(entry.src), shown_name(entry.dst))
            rows.add(_fields(entry), entry.id, size, *ends)


async def _resume(known: Transfers, output: Output, ids: Sequence[str], resuming: Resuming) -> None:
    async def work(tally: Tally) -> None:
        for id in ids:
            try:
                await known.resume(id, tally)
            except (HoldallError, OSError) as error:
                tally.fail_with(id, error)

    tally = await watched(output, work, verb="finished", resuming=resuming, resume=_RESUME)
    output.result(tally.fields(), tally.sentence("finished"))


async def _forget(known: Transfers, output: Output, ids: Sequence[str]) -> None:
    for id in ids:
        try:
            await known.forget(id)
            output.result({"forgot": id}, f"forgot {id}")
        except (HoldallError, OSError) as error:
            output.fail(error)


def _fields(entry: Entry) -> dict[str, object]:
    return {"id": entry.id, "size": entry.size, "from": entry.src, "to": entry.dst}
