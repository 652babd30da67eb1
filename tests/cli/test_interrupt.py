"""Ctrl-C: a clean stop, with what was done and how to go on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Holdall


@pytest.fixture
def waiting(holdall: Holdall, bucket: str, store: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A `cp -` that has stored nothing yet and waits for more input."""
    command = [sys.executable, "-m", "holdall.cli", "-s", str(store), "cp", "-", f"{bucket}/k"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as running:
        yield running
        running.kill()


def test_ctrl_c_while_reading_a_pipe(
    holdall: Holdall, bucket: str, waiting: subprocess.Popen[bytes]
) -> None:
    assert waiting.stdin
    assert waiting.stderr
    # More than a pipe holds: when all of it is written, the command is reading.
    waiting.stdin.write(b"x" * 1_000_000)
    waiting.stdin.flush()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(30) == 130
    said = waiting.stderr.read().decode()
    assert "a stream has to be begun again" in said
    assert said.endswith("holdall: stopped\n")
    assert "Traceback" not in said
    assert holdall("ls", bucket).lines == []
    assert holdall("check", "--scrub").code == 0
