"""`holdall users`: list, make and delete users."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column
from holdall.core.errors import InvalidArgument

_COLUMNS = Column("name"), Column("role"), Column("called")


def command(
    new: Annotated[str | None, typer.Option("--new", metavar="NAME", help="Make a user.")] = None,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="NAME", help="Delete a user without buckets.")
    ] = None,
    display: Annotated[str, typer.Option("--display", help="How people call the new one.")] = "",
    admin: Annotated[
        bool, typer.Option("--admin", help="The new one administers the server.")
    ] = False,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List, make and delete users.

    For administrators. A new user gets an access key by 'holdall keys --new --user NAME'.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such user.
    """

    async def work(remote: Remote, output: Output) -> None:
        if new and delete:
            raise InvalidArgument("--new and --delete are two commands")
        if delete is not None:
            await remote.delete(f"/users/{segment(delete)}")
            output.result({"name": delete, "deleted": True}, f"deleted {delete}")
        elif new is not None:
            made = await remote.post("/users", name=new, display=display, is_admin=admin)
            output.result(made, f"made {made['name']}")
        else:
            await _list(remote, output)

    run_remote(work, profile=profile, store=store, json=json)


async def _list(remote: Remote, output: Output) -> None:
    with output.listing(*_COLUMNS) as rows:
        async for user in remote.every("/users"):
            role = "administrator" if user["is_admin"] else "user"
            rows.add(user, user["name"], role, user["display"] or "-")
