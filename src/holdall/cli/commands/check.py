"""`holdall check`: look for damage in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from holdall.cli import human
from holdall.cli.exit_codes import ExitCode
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.core.errors import Corrupt
from holdall.core.values import Problem


def command(
    scrub: Annotated[
        bool, typer.Option("--scrub", help="Read every byte and compare it with its checksum.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Look for damage in the store.

    Compares the catalog with itself and with the files that are there. Each problem is a
    line; what is sound is served all the while.

    --json prints {"sound": ..., "problems": [...]}.

    Exit codes: 0 sound; 1 the check could not be made; 2 wrong usage; 3 no store; 4 damage
    was found.
    """
    run(lambda client, output: check(client, output, scrub=scrub), store=store, json=json)


async def check(client: Client, output: Output, *, scrub: bool) -> None:
    try:
        problems = await client.check(scrub=scrub)
    except Corrupt as error:
        output.fail_saying(
            f"{error}; a backup can be restored with backup --restore", ExitCode.DAMAGED
        )
        return
    fields = {"sound": not problems, "problems": [_fields(problem) for problem in problems]}
    looked = "every byte was read" if scrub else "bytes were not read; --scrub does"
    verdict = f"{human.plural(len(problems), 'problem')} found" if problems else "sound"
    output.result(fields, *map(_line, problems), f"{verdict} ({looked})")
    if problems:
        output.code = ExitCode.DAMAGED


def _fields(problem: Problem) -> dict[str, object]:
    return {
        "kind": problem.kind,
        "detail": problem.detail,
        "bucket": problem.bucket,
        "key": problem.key,
        "revision": problem.number,
        "payload": problem.payload,
    }


def _line(problem: Problem) -> str:
    return f"{problem.kind}: {_where(problem)}{problem.detail}"


def _where(problem: Problem) -> str:
    if problem.key is None:
        return f"payload {problem.payload}: " if problem.payload else ""
    number = "" if problem.number is None else f" revision {problem.number}"
    return f"{problem.bucket}/{shown_name(problem.key)}{number}: "
