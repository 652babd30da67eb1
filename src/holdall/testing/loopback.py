"""Servers of others, as programs of one's own on free loopback ports, for tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

import pytest

from holdall.s3.signing import Credentials
from holdall.testing.postgres import REQUIRED

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds in which a server must have answered for the first time."""


class Missing(Exception):
    """There is no such server program on this machine."""


class S3Server(Protocol):
    """Something that speaks S3: where, as whom, and in which region."""

    @property
    def endpoint_url(self) -> str: ...

    @property
    def credentials(self) -> Credentials: ...


Server = TypeVar("Server")


def made_or_skip(make: Callable[[], Server]) -> Server:
    """What `make` makes; where the program is missing a skip, or a failure if it must be there."""
    try:
        return make()
    except Missing as missing:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{missing} {REQUIRED}=1 says that it must be.")
        pytest.skip(str(missing))


def program(name: str, package: str) -> str:
    """The path of a program: beside the interpreter, else on PATH. `Missing`."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed (pip install {package}).")
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now. Held all at once, so that no two are the same."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in held]


class LoopbackServer:
    """A process with a folder of its own; entered when it answers, gone with both on exit."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._folder = Path(tempfile.mkdtemp(prefix=f"holdall-{name}-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, folder: Path) -> Sequence[str]:
        """What to run, with everything it keeps below `folder`."""
        raise NotImplementedError

    @property
    def endpoint_url(self) -> str:
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(self._folder),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._name} did not start:\n{self._last_words()}")
            time.sleep(0.05)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def _answers(self) -> bool:
        """Any answer will do, a refusal too."""
        return answers(self.endpoint_url, refusals=True)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # nothing of it is to be kept
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def answers(url: str, *, refusals: bool = False) -> bool:
    """Whether there is a good answer to GET, or, with `refusals`, one that is no failure."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusals and refusal.code < 500
    except OSError:
        return False
