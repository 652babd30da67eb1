"""Progress: bars on a terminal, now and then a line elsewhere, nothing as JSON."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from holdall.cli.output import Output
from holdall.cli.transfer import display
from tests.cli.conftest import Holdall


def test_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(display, "monotonic", lambda: now[0])
    err = io.StringIO()
    lines = display.display_for(Output(as_json=False, err=err))
    for _ in range(41):
        lines.show(3, 5_000_000)
        now[0] += 0.5
    assert err.getvalue().splitlines() == [
        "holdall: 3 files, 5.0 MB, 500 kB/s",
        "holdall: 3 files, 5.0 MB, 250 kB/s",
    ]


def test_nothing_as_json() -> None:
    err = io.StringIO()
    shown = display.display_for(Output(as_json=True, err=err))
    with shown:
        shown.expect(2, 10)
        shown.show(1, 10)
    assert err.getvalue() == ""


def on_a_terminal(store: Path, *arguments: str) -> tuple[str, str, int]:
    """Standard output, what a terminal on standard error was shown, and the exit code."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "holdall.cli", "-s", str(store), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave) as running:
        os.close(slave)
        shown = b""
        try:
            while data := os.read(master, 65536):
                shown += data
        except OSError:  # how Linux tells that the other end was closed
            pass
        assert running.stdout
        out = running.stdout.read()
    os.close(master)
    return out.decode(), shown.decode(), running.returncode


def test_bars_are_drawn_on_a_terminal_and_results_are_not_mixed_in(
    holdall: Holdall, bucket: str, store: Path, tree: Path
) -> None:
    (tree / "link").symlink_to(tree / "none")
    out, shown, code = on_a_terminal(store, "cp", "-r", str(tree), f"{bucket}/t")
    assert code == 1
    assert "of 5 files" in shown
    assert "256" in shown
    assert "link:" in "".join(shown.split())  # a long path is wrapped
    assert out.startswith("copied 4 files, 256 kB, 1 failed in ")
    assert "\x1b" not in out


def test_json_draws_no_bars(holdall: Holdall, bucket: str, store: Path, tree: Path) -> None:
    out, shown, code = on_a_terminal(store, "cp", "-r", "--json", str(tree), f"{bucket}/t")
    assert (code, shown) == (0, "")
    assert '"files": 4' in out
