"""The options that every command has, and those that several share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

STORE_VARIABLE: Final = "HOLDALL_STORE"
DEFAULT_STORE: Final = "holdall-data"

_STORE_HELP: Final = "The store: a directory, or a place such as https://HOST."


def _store_anywhere(ctx: typer.Context, value: str) -> str:
    """The store given to this command, else to `holdall` itself, else the default."""
    if value:
        # Said, it is that directory; unsaid, a current cluster comes before it.
        ctx.meta[STORE_VARIABLE] = f"./{value}" if value == DEFAULT_STORE else value
    return str(ctx.meta.get(STORE_VARIABLE) or DEFAULT_STORE)


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no ISO 8601 time such as 2026-05-17T09:30"
        raise typer.BadParameter(message) from error
    return text


def moment(text: str | None) -> datetime | None:
    """The time an option named; without an offset it is local time."""
    return None if text is None else datetime.fromisoformat(text).astimezone()


MainStore = Annotated[
    str,
    typer.Option(
        "--store",
        "-s",
        metavar="WHERE",
        envvar=STORE_VARIABLE,
        callback=_store_anywhere,
        help=f"{_STORE_HELP} [default: the current cluster, else {DEFAULT_STORE}; environment: "
        f"{STORE_VARIABLE}]",
        show_default=False,
        show_envvar=False,
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        "-s",
        metavar="WHERE",
        callback=_store_anywhere,
        help=_STORE_HELP,
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="A server that 'holdall login' remembers. [environment: HOLDALL_PROFILE]",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        callback=_moment,
        help="As it stood then: ISO 8601, local time unless it has an offset.",
    ),
]
Revision = Annotated[
    str | None,
    typer.Option(
        "--revision",
        metavar="REVISION",
        help="This one: a number (0 the original, -1 the newest) or a version id.",
    ),
]
