"""A command group that imports a command only when it is run."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from holdall.cli.index import COMMANDS

# `-h` beside `--help`, everywhere.
SETTINGS: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"]}


def build(name: str, function: Callable[..., None], **settings: Any) -> Any:
    """One command out of a function with Typer's annotations."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, context_settings=SETTINGS | settings)(function)
    return typer.main.get_command(app)


class LazyGroup(TyperGroup):
    """Knows its commands by the table in `holdall.cli.index` alone."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name].module)
        return build(cmd_name, module.command, **getattr(module, "SETTINGS", {}))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])
