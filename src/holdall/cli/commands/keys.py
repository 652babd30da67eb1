"""`holdall keys`: list, make and revoke access keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from holdall.cli.durations import seconds
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column
from holdall.core.errors import InvalidArgument

_COLUMNS = (
    Column("id"),
    Column("name"),
    Column("reach"),
    Column("expires"),
    Column("last used"),
)


def command(
    new: Annotated[
        bool, typer.Option("--new", help="Make a key; its secret is shown once.")
    ] = False,
    revoke: Annotated[
        str | None, typer.Option("--revoke", metavar="ID", help="End a key, at once.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Whose; yours without it.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What the new key is for.")] = "",
    bucket: Annotated[
        list[str] | None, typer.Option("--bucket", help="Only for this one. May be repeated.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only for reading.")] = False,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="For so long: 90s, 1h, 30d.")
    ] = None,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """List, make and revoke access keys.

    Exit codes: 0 done; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no
    such key or user.
    """

    async def work(remote: Remote, output: Output) -> None:
        if new and revoke:
            raise InvalidArgument("--new and --revoke are two commands")
        if revoke is not None:
            await _revoke(remote, output, revoke)
        elif new:
            wanted = {"name": name, "read_only": read_only, "buckets": bucket or None}
            await _make(remote, output, wanted | {"user": user, "expires_at": _end(expires)})
        else:
            await _list(remote, output, user)

    run_remote(work, profile=profile, store=store, json=json)


def _end(text: str | None) -> str | None:
    if text is None:
        return None
    return (datetime.now(UTC) + timedelta(seconds=seconds(text))).isoformat()


async def _revoke(remote: Remote, output: Output, id: str) -> None:
    await remote.delete(f"/keys/{segment(id)}")
    output.result({"id": id, "revoked": True}, f"revoked {id}")


async def _make(remote: Remote, output: Output, wanted: dict[str, Any]) -> None:
    made = await remote.post("/keys", **wanted)
    output.result(made, f"access key  {made['id']}", f"secret key  {made['secret_key']}")


async def _list(remote: Remote, output: Output, user: str | None) -> None:
    query = {} if user is None else {"user": user}
    with output.listing(*_COLUMNS) as rows:
        async for key in remote.every("/keys", **query):
            rows.add(key, key["id"], key["name"] or "-", _reach(key), *_times(output, key))


def _reach(key: dict[str, Any]) -> str:
    buckets = "all buckets" if key["buckets"] is None else ", ".join(key["buckets"])
    return f"{buckets}, read only" if key["read_only"] else buckets


def _times(output: Output, key: dict[str, Any]) -> tuple[str, str]:
    found = (key["expires_at"], key["last_used_at"])
    first, second = (output.time(text and datetime.fromisoformat(text)) for text in found)
    return first, second
