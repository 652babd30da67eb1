"""`holdall orgs`: list, make and change organisations."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column
from holdall.core.errors import InvalidArgument


def command(
    org: Annotated[
        str, typer.Argument(metavar="[ORG]", show_default=False, help="The organisation.")
    ] = "",
    new: Annotated[bool, typer.Option("--new", help="Make it.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it; it has no buckets.")] = False,
    member: Annotated[
        str | None, typer.Option("--member", metavar="USER", help="Take somebody in.")
    ] = None,
    role: Annotated[
        str, typer.Option("--role", help="As what: owner, admin, member or reader.")
    ] = "member",
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="USER", help="Take somebody out.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List, make and change organisations.

    Without ORG all are listed, with it alone its members. Owners and admins manage the
    organisation's buckets, members write to them, readers read them.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such organisation or user.
    """

    async def work(remote: Remote, output: Output) -> None:
        _demand_one(org, new, delete, member, remove)
        await _do(remote, output, org, new, delete, member, role, remove)

    run_remote(work, profile=profile, store=store, json=json)


def _demand_one(org: str, *wishes: object) -> None:
    count = sum(map(bool, wishes))
    if count > 1:
        raise InvalidArgument("--new, --delete, --member and --remove are commands of their own")
    if count and not org:
        raise InvalidArgument("say which organisation")


async def _do(
    remote: Remote,
    output: Output,
    org: str,
    new: bool,
    delete: bool,
    member: str | None,
    role: str,
    remove: str | None,
) -> None:
    place = f"/orgs/{segment(org)}"
    if new:
        output.result(await remote.post("/orgs", name=org), f"made {org}")
    elif delete:
        await remote.delete(place)
        output.result({"name": org, "deleted": True}, f"deleted {org}")
    elif member:
        made = await remote.put(f"{place}/members/{segment(member)}", role=role)
        output.result(made | {"org": org}, f"{member} is {role} of {org}")
    elif remove:
        await remote.delete(f"{place}/members/{segment(remove)}")
        output.result({"org": org, "user": remove, "removed": True}, f"{remove} left {org}")
    else:
        await (_members(remote, output, place) if org else _list(remote, output))


async def _list(remote: Remote, output: Output) -> None:
    with output.names() as rows:
        async for org in remote.every("/orgs"):
            rows.add(org, org["name"])


async def _members(remote: Remote, output: Output, place: str) -> None:
    with output.listing(Column("user"), Column("role")) as rows:
        async for member in remote.every(f"{place}/members"):
            rows.add(member, member["user"], member["role"])
