"""`holdall lifecycle`: run the lifecycles of buckets at once."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from holdall.cli.completing import buckets
from holdall.cli.options import Json, Profile, Store
from holdall.cli.output import Output
from holdall.cli.places import bucket as named
from holdall.cli.remote import Remote, run_remote, segment
from holdall.cli.tables import Column
from holdall.core.errors import InvalidArgument

_COUNTS: Final = ("expired", "removed", "aborted", "kept")


def command(
    verb: Annotated[str, typer.Argument(metavar="run", show_default=False)],
    bucket: Annotated[
        str,
        typer.Argument(
            metavar="[BUCKET]", show_default=False, autocompletion=buckets, help="Yours without it."
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    profile: Profile = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Run the lifecycles of buckets at once.

    A server does so by itself once a day. Each rule is told with how many current objects it
    expired, versions and delete markers it removed, uploads it aborted; kept are those that
    were due and that a lock holds.

    Exit codes: 0 run; 1 the server refused it or cannot be reached; 2 wrong usage; 3 no such
    bucket.
    """

    async def work(remote: Remote, output: Output) -> None:
        if verb != "run":
            raise InvalidArgument("say: holdall lifecycle run", actual=verb)
        with output.rows(Column("bucket"), Column("rule"), *map(Column, _COUNTS)) as rows:
            for name in [named(bucket).bucket] if bucket else await _own(remote):
                for rule in await _run(remote, name, dry_run):
                    counts = (str(rule[count]) for count in _COUNTS)
                    fields = {"bucket": name, **rule, "dry_run": dry_run}
                    rows.add(fields, name, rule["rule"], *counts)

    run_remote(work, profile=profile, store=store, json=json)


async def _own(remote: Remote) -> list[str]:
    return [bucket["name"] async for bucket in remote.every("/buckets")]


async def _run(remote: Remote, bucket: str, dry_run: bool) -> list[dict[str, Any]]:
    path = f"/buckets/{segment(bucket)}/lifecycle/run"
    query = {"dry_run": "true"} if dry_run else {}
    found: list[dict[str, Any]] = (await remote.send("POST", path, query=query))["rules"]
    return found
