"""transfers: what was interrupted is listed, resumed and forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Holdall

SIZE = 40 * 1024 * 1024


@pytest.fixture
def interrupted(holdall: Holdall, bucket: str, store: Path, tmp_path: Path) -> Path:
    """A file whose upload Ctrl-C stopped."""
    file = tmp_path / "large"
    file.write_bytes(os.urandom(SIZE))
    command = [sys.executable, "-m", "holdall.cli", "-s", str(store), "cp", str(file)]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    with subprocess.Popen(
        [*command, f"{bucket}/large", "--limit-rate", "8M"],
        stderr=subprocess.PIPE,
        env=environment,
    ) as running:
        journal = tmp_path / "state" / "holdall" / "transfers"
        while not any(path.stat().st_size for path in journal.glob("*/*.journal")):
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        assert running.stderr
        said = running.stderr.read().decode()
    assert "'holdall transfers resume'" in said
    assert "Traceback" not in said
    return file


def test_what_was_stopped_is_finished(
    holdall: Holdall, bucket: str, interrupted: Path, tmp_path: Path
) -> None:
    [listed] = holdall("transfers", "--json").documents
    assert (listed["from"], listed["size"]) == (str(interrupted), SIZE)
    assert holdall("ls", bucket).lines == []
    done = holdall("transfers", "resume")
    assert done.code == 0
    assert done.out.startswith("finished 1 file, 42 MB in ")
    holdall("cp", f"{bucket}/large", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == interrupted.read_bytes()
    assert holdall("transfers", "list").out == ""
    assert holdall("sweep").code == 0
    assert holdall("check", "--scrub").code == 0


def test_what_was_stopped_is_forgotten(holdall: Holdall, bucket: str, interrupted: Path) -> None:
    [listed] = holdall("transfers", "--json").documents
    assert holdall("transfers", "forget", listed["id"]).code == 0
    assert holdall("transfers").out == ""
    assert holdall("transfers", "forget", listed["id"]).code == 3
    assert holdall("transfers", "resume", "../../x").code == 3
    assert holdall("check", "--scrub").code == 0
    assert holdall("rb", bucket).code == 0  # no parts are left in it


def test_a_file_that_changed_is_said(holdall: Holdall, bucket: str, interrupted: Path) -> None:
    interrupted.write_bytes(b"!" * SIZE)
    done = holdall("transfers", "resume")
    assert done.code == 1
    assert "changed" in done.err
    assert holdall("transfers").out == ""


@pytest.mark.parametrize("arguments", [("forget",), ("undo",), ("list", "x")])
def test_what_is_no_action(holdall: Holdall, bucket: str, arguments: tuple[str, ...]) -> None:
    assert holdall("transfers", *arguments).code == 2
