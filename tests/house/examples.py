"""Takes the examples out of a Markdown page and runs them as a reader would.

Blocks fenced as `python` and `console` run in the order of the page, in one folder; the
Python blocks of a page share their names and may `await`. In a `console` block a line that
begins with `$ ` is a command, and the lines up to the next one are what it prints: `…`
stands for any text within a line, and alone on a line for any number of lines.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^(`{3,})(\w*)[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^[ \t>]*(?:```|~~~).*$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
INSTALLING = {"git", "make", "pip", "pipx", "uv"}
"""Commands that are shown to readers and whose work is done before a test starts."""
OTHER_NAMES = {"bash", "py", "pycon", "sh", "shell"}
"""Languages of blocks that a reader takes for examples, and that would not be run."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is the number of its first line of text."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block, and what the page says that it prints."""

    text: str
    output: str


class ExampleFailed(AssertionError):
    """An example does not do what its page says."""


def blocks(page: str) -> Iterator[Block]:
    for found in FENCE.finditer(page):
        yield Block(found[2], found[3], page.count("\n", 0, found.start(3)) + 1)


def overlooked(page: str) -> list[str]:
    """What a reader takes for examples, and `run_page` does not run.

    Those are blocks that go by another name, and fences that are indented, made of tildes
    or never closed.
    """
    renamed = [block.language for block in blocks(page) if block.language in OTHER_NAMES]
    return renamed + MARK.findall(FENCE.sub("", page))


def code(page: str) -> str:
    """Only what stands in code, fenced or within a line."""
    fenced = [block.text for block in blocks(page)]
    return "\n".join([*fenced, *INLINE.findall(FENCE.sub("", page))])


def commands(block: Block) -> Iterator[Command]:
    preface, *shown = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    if preface.strip():
        raise ExampleFailed(f"line {block.line}: a console block begins with a command")
    for one in shown:
        command, _, output = re.sub(r"\\\n", "", one).partition("\n")
        yield Command(command, output)


def matches(documented: str, printed: str) -> bool:
    pattern = "".join(_line_pattern(line) for line in documented.rstrip().splitlines())
    lines = [line.rstrip() + "\n" for line in printed.rstrip().splitlines()]
    return re.fullmatch(pattern, "".join(lines)) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:[^\n]*\n)*"
    return r"[^\n]*".join(map(re.escape, line.rstrip().split("…"))) + r"\n"


def run_page(name: str, page: str, folder: Path) -> int:
    """Run a page's examples in `folder`, the current one; how many ran.

    Raises what a Python block raises, and `ExampleFailed` for a command.
    """
    ran = 0
    names: dict[str, Any] = {"__name__": "__main__"}
    with asyncio.Runner() as runner:
        for block in blocks(page):
            if block.language == "python":
                _run_python(name, block, names, runner)
            elif block.language == "console":
                _run_console(name, block, folder)
            ran += block.language in {"python", "console"}
    return ran


def _run_python(name: str, block: Block, names: dict[str, Any], runner: asyncio.Runner) -> None:
    placed = "\n" * (block.line - 1) + block.text  # so that a traceback shows the page's line
    compiled = compile(placed, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if compiled.co_flags & inspect.CO_COROUTINE:
        runner.run(eval(compiled, names))
    else:
        exec(compiled, names)


def _run_console(name: str, block: Block, folder: Path) -> None:
    for command in commands(block):
        if command.text.split()[0] not in INSTALLING:
            _run_command(f"{name}, console block at line {block.line}", command, folder)


def _run_command(place: str, command: Command, folder: Path) -> None:
    done = subprocess.run(
        command.text,
        shell=True,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0 or not matches(command.output, done.stdout):
        raise ExampleFailed(
            f"{place}\n$ {command.text}\nended with {done.returncode} and printed\n{done.stdout}"
            f"\nwhere the page says\n{command.output}"
        )


def _environment(folder: Path) -> dict[str, str]:
    programs = Path(sys.executable).parent  # where the `holdall` under test is installed
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
