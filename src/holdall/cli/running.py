"""Running a command: the one event loop, and from errors to messages and exit codes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import typer

from holdall.cli.clusters import absent, client_for
from holdall.cli.exit_codes import ExitCode
from holdall.cli.extras import why_missing
from holdall.cli.output import Output
from holdall.client.client import Client
from holdall.core.errors import HoldallError, StoreNotFound

Work = Callable[[Client, Output], Coroutine[Any, Any, None]]


def run(work: Work, *, store: str, json: bool, may_create: bool = False) -> NoReturn:
    """Do `work` on the store at `store`, which must be there unless it `may_create` one; see
    `holdall.cli.clusters` for what else that may name."""

    async def opened(output: Output) -> None:
        async with client_for(store, may_create=may_create) as client:
            await _open(client, store)
            await work(client, output)

    run_without_store(opened, json=json)


def run_without_store(
    work: Callable[[Output], Coroutine[Any, Any, None]], *, json: bool
) -> NoReturn:
    """Do `work` to its end; always leaves by `typer.Exit`."""
    run_blocking(lambda output: asyncio.run(work(output)), json=json)


def run_blocking(work: Callable[[Output], None], *, json: bool) -> NoReturn:
    """The same for work that has an event loop of its own, or needs none."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    output = Output(as_json=json)
    raise typer.Exit(_finish(work, output))


def _finish(work: Callable[[Output], None], output: Output) -> ExitCode:
    try:
        code = _outcome(work, output)
        output.flush()
    except BrokenPipeError:
        _forget_output()
        return ExitCode.BROKEN_PIPE
    return code


def _outcome(work: Callable[[Output], None], output: Output) -> ExitCode:
    try:
        work(output)
    except KeyboardInterrupt:
        output.note("stopped")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except (HoldallError, OSError, ModuleNotFoundError) as error:
        _fail(output, error)
    return output.code


def _fail(output: Output, error: HoldallError | OSError | ModuleNotFoundError) -> None:
    if text := why_missing(error):
        output.fail_saying(text)
    elif isinstance(error, ModuleNotFoundError):
        raise error  # a fault of ours
    else:
        output.fail(error)


async def _open(client: Client, store: str) -> None:
    """Open the store at once: a missing one is no failure of one operation among several."""
    try:
        async with client.buckets.list():
            return
    except StoreNotFound as error:
        raise StoreNotFound(absent(store), path=store) from error


def _forget_output() -> None:
    """Let nothing more be written to a reader that left, not even when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (OSError, ValueError):  # not a real file, as under a test runner
            continue
