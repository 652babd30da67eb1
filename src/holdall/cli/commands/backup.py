"""`holdall backup`: copy the store while it is in use, or restore such a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Annotated, Final

import typer

from holdall.cli import human
from holdall.cli.exit_codes import ExitCode
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.running import run
from holdall.client.client import Client, connect
from holdall.core.errors import Conflict
from holdall.core.secret_files import MASTER_KEY, SECRET_FILES

_KEYLESS: Final = (
    "there is no master key in it: a store that was served needs the one it had, before it is"
    " served again"
)


def command(
    destination: Annotated[str, typer.Argument(metavar="DIR", show_default=False)],
    restore: Annotated[
        bool, typer.Option("--restore", help="The other way: make the store from the backup DIR.")
    ] = False,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Copy the server's keys, too.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Copy the store while it is in use, or restore such a copy.

    DIR is a new or empty directory. A backup is a store: --store DIR reads it as it is.
    With --restore the store at --store is made from the backup DIR; one that is there
    already, or any other files, are never overwritten. Each copy is checked at its end.

    The keys that a server keeps beside its store are left out, and named: what it encrypted
    is lost without its master key, and open to whoever has it and the backup. Keep a copy
    elsewhere, or say --with-secrets. What is in a backup is restored.

    Exit codes: 0 copied and sound; 1 it could not be copied, or the target is not empty; 2
    wrong usage; 3 no store; 4 the copy has damage.
    """
    source, target = (destination, store) if restore else (store, destination)

    async def work(client: Client, output: Output) -> None:
        await backup(client, output, source, target, with_secrets=with_secrets or restore)
        if restore and not (Path(target) / MASTER_KEY).exists():
            output.note(_KEYLESS)

    run(work, store=source, json=json)


async def backup(
    client: Client, output: Output, source: str, target: str, *, with_secrets: bool
) -> None:
    demand_empty(Path(target))
    began = monotonic()
    await client.backup(target, with_secrets=with_secrets)
    seconds = monotonic() - began
    await _check(output, target)
    files, size = _size_of(Path(target))
    line = (
        f"copied {shown_name(source)} to {shown_name(target)}: {human.plural(files, 'file')}, "
        f"{human.size(size)} in {human.duration(seconds)}"
    )
    secrets = {
        "secrets": _secrets_of(target),
        "left_out": [name for name in _secrets_of(source) if name not in _secrets_of(target)],
    }
    fields = {"from": source, "to": target, "files": files, "bytes": size, **secrets}
    output.result(fields | {"seconds": round(seconds, 3)}, line, *_told(**secrets))


def _secrets_of(store: str) -> list[str]:
    return [name for name in SECRET_FILES if (Path(store) / name).exists()]


def _told(secrets: list[str], left_out: list[str]) -> Iterator[str]:
    if left_out:
        yield (
            f"not in it: {', '.join(left_out)}; without its master key nobody reads what the"
            " server encrypted: keep a copy elsewhere, or say --with-secrets"
        )
    if secrets:
        yield f"in it: {', '.join(secrets)}; whoever has them reads everything"


async def _check(output: Output, target: str) -> None:
    """A copy that nobody looked at is a hope."""
    async with connect(Path(target), create=False) as copy:
        for problem in await copy.check():
            output.fail_saying(f"the copy is damaged: {problem.detail}", ExitCode.DAMAGED)


def demand_empty(target: Path) -> None:
    """`Conflict` unless nothing is there to be overwritten."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Conflict(f"{target} is not an empty directory; nothing was written", path=target)


def _size_of(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
