"""Secrets that are asked for: on a terminal without an echo, else from standard input."""

from __future__ import annotations

import sys

import typer

from holdall.core.errors import InvalidArgument


def asked(what: str, *, hidden: bool = False) -> str:
    """A line. `InvalidArgument` where there is none."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=hidden, err=True)).strip()
    text = sys.stdin.readline().strip()
    if not text:
        raise InvalidArgument(f"there is no {what} on standard input")
    return text
