"""A command group that imports a command only when it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from holdall.cli.exit_codes import ExitCode
from holdall.cli.extras import why_missing
from holdall.cli.index import COMMANDS

# `-h` beside `--help`, everywhere.
SETTINGS: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"]}


class PlainCommand(TyperCommand):
    """Its help shows parameters by the words written here, and no types of Python's."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", *(_word(param) for param in self.params if _is_argument(param))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        params: list[Any] = self.get_params(ctx)
        arguments = [param for param in params if _is_argument(param)]
        options = [param for param in params if not _is_argument(param)]
        # An argument without a line of its own is explained in the text above.
        explained = [(_word(each), each.help) for each in arguments if each.help]
        _section(formatter, "Arguments", explained)
        _section(formatter, "Options", [_option(each, ctx) for each in options])


def _section(formatter: Any, heading: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _word(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _option(param: Any, ctx: Any) -> tuple[str, str]:
    names = ", ".join(sorted(param.opts, key=len))
    _, text = param.get_help_record(ctx)
    return names if param.is_flag else f"{names} {_word(param)}", text


def build(name: str, function: Callable[..., None], **settings: Any) -> Any:
    """One command out of a function with Typer's annotations."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=PlainCommand, context_settings=SETTINGS | settings)(function)
    return typer.main.get_command(app)


def _lacking(ctx: Any, error: ModuleNotFoundError) -> None:
    """Say which extra a command needs, and leave; a line that is being completed says nothing."""
    text = why_missing(error)
    if text is None:
        raise error
    if not ctx.resilient_parsing:
        typer.echo(f"holdall: {text}", err=True)
        raise typer.Exit(ExitCode.FAILED)


@dataclass(frozen=True, slots=True)
class Word:
    """A completion; Typer's own class has moved from one package to another."""

    value: str
    help: str
    type: str = "plain"


class LazyGroup(TyperGroup):
    """Knows its commands by the table in `holdall.cli.index` alone."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(COMMANDS[cmd_name].module)
        except ModuleNotFoundError as error:
            return _lacking(ctx, error)
        return build(cmd_name, module.command, **getattr(module, "SETTINGS", {}))

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        found = ((name, entry) for name, entry in COMMANDS.items() if name.startswith(incomplete))
        return [Word(name, entry.help) for name, entry in found]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])
