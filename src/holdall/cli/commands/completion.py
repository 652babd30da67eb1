"""`holdall completion`: print or install the completion script of a shell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from holdall.cli.options import Json
from holdall.cli.output import Output
from holdall.cli.running import run_blocking
from holdall.cli.shells import SCRIPTS, Shell, write

VARIABLE: Final = "XDG_DATA_HOME"  # XDG Base Directory Specification 0.8


def command(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", show_default=False)],
    install: Annotated[
        bool, typer.Option("--install", help="Write it where the shell looks, and say where.")
    ] = False,
    json: Json = False,
) -> None:
    """Print or install the completion script of a shell.

    It completes commands, options, buckets and keys: "holdall ls blob:do" and the Tab key. To
    try it in bash or zsh: eval "$(holdall completion bash)"; in fish: holdall completion fish |
    source. No file of yours is changed.

    Exit codes: 0 printed or installed; 1 it cannot be written; 2 wrong usage.
    """
    run_blocking(lambda output: completion(output, shell, install=install), json=json)


def completion(output: Output, shell: Shell, *, install: bool) -> None:
    script = SCRIPTS[shell]
    if not install:
        output.result({"shell": shell, "script": script.text}, *script.text.splitlines())
        return
    place = write(shell, _data())
    note = script.note.format(place.parent)
    output.result({"shell": shell, "path": str(place)}, f"wrote {place}; {note}")


def _data() -> Path:
    given = os.environ.get(VARIABLE, "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "share"
