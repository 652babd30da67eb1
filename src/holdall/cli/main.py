"""The command line's beginning: the options before a command, and the way into one.

Shown help must not wait for the library: nothing below imports the client.
"""

from __future__ import annotations

import gc
import os
from typing import Annotated, Final

import typer

import holdall as package
from holdall.cli.lazy import SETTINGS, LazyGroup
from holdall.cli.options import MainStore

_COMPLETION: Final = "_HOLDALL_COMPLETE"

app = typer.Typer(
    cls=LazyGroup,
    name="holdall",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"holdall {package.__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
]


@app.callback()
def holdall(store: MainStore = "", version: Version = False) -> None:
    """Keep files in buckets of versioned blobs, in one directory.

    Blobs are written blob:BUCKET/KEY; anything else is a local path, and - is standard
    input or output. In a URI, %25 stands for a percent sign.

    Exit codes: 0 all is well; 1 an operation failed; 2 wrong usage; 3 something named was
    not found; 4 check found damage; 130 stopped by Ctrl-C; 141 the reader of our output
    went away.
    """


def main() -> None:
    """The entry point of the `holdall` script."""
    # Modules and a transfer's values are no garbage: to look for some after every 700 objects,
    # as Python does, takes a tenth of the time in which a command starts.
    gc.set_threshold(50_000)
    if _COMPLETION in os.environ:
        from typer.completion import (  # type: ignore[attr-defined]  # older ones have no other
            completion_init,
        )

        completion_init()  # Typer does so itself only where it offers its own scripts
    app(prog_name="holdall")


if __name__ == "__main__":
    main()
