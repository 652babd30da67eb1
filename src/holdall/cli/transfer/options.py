"""The options that the commands of transfers share."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli.sizes import bytes_of
from holdall.client.filtering import Filters
from holdall.client.scheduling import Limits
from holdall.core.errors import InvalidArgument

Checksum = Annotated[
    bool, typer.Option("--checksum", help="Compare contents, not sizes and times.")
]
DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Print what would be done, and do nothing.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="PATTERN", help="Leave out, as in .gitignore. Repeatable."),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="PATTERN", help="Leave in all the same. Repeatable."),
]
ExcludeFromFiles = Annotated[
    str,
    typer.Option(
        "--exclude-from-files",
        metavar="NAMES",
        help="Names of files in the source that hold patterns for their folder, as .gitignore.",
    ),
]
Rate = Annotated[
    str | None,
    typer.Option("--limit-rate", metavar="BYTES", help="At most so many a second: 500k, 10M."),
]
Onto = Annotated[
    str | None,
    typer.Option("--onto", metavar="DIR", help="The store of TARGET, where it is another one."),
]


def filters_of(exclude: list[str] | None, include: list[str] | None, names: str) -> Filters:
    """The filters of three options; names are set apart by spaces or commas."""
    return Filters(
        exclude or (), include or (), ignore_files=frozenset(names.replace(",", " ").split())
    )


def limits_of(rate: str | None) -> Limits:
    """The limits of an option. `InvalidArgument`."""
    if rate is None:
        return Limits()
    wanted = bytes_of(rate)
    if not wanted:
        raise InvalidArgument(f"{rate!r} is no rate such as 500k or 10M", actual=rate)
    return Limits(bytes_per_second=wanted)
