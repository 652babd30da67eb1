"""transfers: what was interrupted is listed, resumed and forgotten."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall.cli.transfer.resuming import command
from holdall.testing.proxy import Asked, Cut, Proxy, Where, nothing
from tests.cli.conftest import Holdall
from tests.line import line_to
from tests.server.whole import serving_whole

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


@pytest.fixture
def line(holdall: Holdall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """To a server that is the store."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with serving_whole(tmp_path / "served") as whole, line_to(whole.endpoint) as proxy:
        for name, value in whole.profile.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOLDALL_STORE", proxy.endpoint_url)
        assert holdall("mb", "docs").code == 0
        yield proxy


class Dies:
    """The server, after so many requests of a kind."""

    def __init__(self, method: str, after: int) -> None:
        self._method = method
        self._left = after

    def __call__(self, asked: Asked) -> Cut | None:
        if self._left > 0 and asked.method == self._method:
            self._left -= 1
        return Cut(Where.REQUEST_HEAD) if self._left == 0 else None


@pytest.mark.parametrize("words", [("cp",), ("cp", "-r"), ("sync",), ("mirror",)])
def test_a_server_that_dies_on_the_way_up(
    holdall: Holdall, line: Proxy, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "tree").mkdir()
    file = tmp_path / "tree" / "large"
    file.write_bytes(os.urandom(SIZE))
    source = file if words == ("cp",) else file.parent
    line.choose(Dies("PUT", after=2))
    failed = holdall(*words, source, "blob:docs/up")
    assert failed.code == 1
    line.choose(nothing)
    [listed] = holdall("transfers", "--json").documents
    hint = f"to go on: holdall transfers resume {listed['id']}\n"
    assert failed.err.count("holdall transfers resume") == 1
    assert hint in failed.err
    assert holdall(*shlex.split(hint)[4:]).code == 0
    assert any(asked.method == "PUT" for asked in line.asked)
    (back,) = holdall("find", "blob:docs", "--type", "f").lines
    assert holdall("cp", back, tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == file.read_bytes()


def test_a_server_that_dies_on_the_way_down(holdall: Holdall, line: Proxy, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(SIZE))
    assert holdall("cp", file, "blob:docs/large").code == 0
    line.choose(Dies("GET", after=6))
    failed = holdall("cp", "blob:docs/large", tmp_path / "down")
    line.choose(nothing)
    [listed] = holdall("transfers", "--json").documents
    assert (failed.code, listed["id"] in failed.err) == (1, True)
    again = holdall("transfers", "resume", listed["id"])
    assert (again.code, again.err) == (0, "")
    assert (tmp_path / "down").read_bytes() == file.read_bytes()


def test_nothing_is_said_of_what_cannot_go_on(
    holdall: Holdall, line: Proxy, tmp_path: Path
) -> None:
    (tmp_path / "small").write_bytes(b"text")
    line.choose(Dies("PUT", after=0))
    failed = holdall("cp", tmp_path / "small", "blob:docs/small")
    assert (failed.code, "resume" in failed.err) == (1, False)


def test_the_command_is_the_one_for_this_shell(
    holdall: Holdall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDALL_STORE", "there")
    assert command(["a1"], "there") == "holdall transfers resume a1"
    assert command(["a1"], "holdall-data") == "holdall transfers resume a1"
    assert command(["a1"], "my store") == "holdall --store 'my store' transfers resume a1"
    assert command(list("abcde"), "there") == "holdall transfers resume"
