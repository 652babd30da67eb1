"""`holdall master-key`: list, replace and drop the keys that seal a server's secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column
from holdall.core.errors import InvalidArgument


def command(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new key, and seal everything with it.")
    ] = False,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="ID", help="Forget an old one.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List, replace and drop the keys that seal a server's secrets.

    The newest seals, all of them open. After --rotate the old one is kept beside it for what is
    on its way; --drop forgets it when nothing can need it any more, which is two days later.
    Copies of the store that were made before need the old one: keep it as long as those.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such key.
    """

    async def work(remote: Remote, output: Output) -> None:
        if rotate and drop:
            raise InvalidArgument("--rotate and --drop are two commands")
        if rotate:
            made = await remote.post("/master-keys")
            output.result(made, f"made {made['id']}, {_told(made['resealed'])}")
        elif drop:
            resealed = await remote.send("DELETE", f"/master-keys/{segment(drop)}")
            output.result(resealed | {"id": drop}, f"dropped {drop}, {_told(resealed)}")
        else:
            await _list(remote, output)

    run_remote(work, profile=profile, store=store, json=json)


def _told(resealed: dict[str, int]) -> str:
    return (
        f"and sealed anew {resealed['objects']} keys of objects, {resealed['access_keys']} access"
        f" keys, {resealed['imports']} imported buckets, {resealed['webhooks']} webhooks"
    )


async def _list(remote: Remote, output: Output) -> None:
    with output.rows(Column("id"), Column("use"), Column("made")) as rows:
        for key in (await remote.get("/master-keys"))["items"]:
            made = key["made_at"] and datetime.fromisoformat(key["made_at"])
            rows.add(key, key["id"], _use(key), output.time(made))


def _use(key: dict[str, Any]) -> str:
    return "seals and opens" if key["seals"] else "opens"
