"""The command, run against a store of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from holdall.cli.main import app


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document that was printed."""
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        """A document a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Holdall = Callable[..., Ran]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def holdall(store: Path, monkeypatch: pytest.MonkeyPatch) -> Holdall:
    """The command in this process."""
    monkeypatch.setenv("HOLDALL_STORE", str(store))
    monkeypatch.setenv("XDG_STATE_HOME", str(store.parent / "state"))
    runner = CliRunner()

    def run(*arguments: object) -> Ran:
        result = runner.invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@dataclass(frozen=True)
class Process:
    """What a process did; its output as bytes."""

    code: int
    out: bytes
    err: str


@pytest.fixture
def process(store: Path) -> Callable[..., Process]:
    """The command as a process of its own, with real pipes."""

    def run(*arguments: object, input: bytes = b"") -> Process:
        command = [sys.executable, "-m", "holdall.cli", *map(str, arguments)]
        state = str(store.parent / "state")
        environment = {**os.environ, "HOLDALL_STORE": str(store), "XDG_STATE_HOME": state}
        done = subprocess.run(
            command, input=input, capture_output=True, env=environment, timeout=60, check=False
        )
        return Process(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def bucket(holdall: Holdall) -> str:
    assert holdall("mb", "docs").code == 0
    return "blob:docs"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree: nested, with an empty file, an empty folder and an odd name."""
    root = tmp_path / "tree"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "hollow").mkdir()
    (root / "one.txt").write_bytes(b"one\n")
    (root / "empty").write_bytes(b"")
    (root / "sub" / "b #?%.bin").write_bytes(bytes(range(256)) * 1000)
    (root / "sub" / "deep" / "ü").write_bytes("grün".encode())
    return root


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder as None's place."""
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    hollow = (p for p in root.rglob("*") if p.is_dir() and not any(p.iterdir()))
    return files | {f"{p.relative_to(root)}/": b"" for p in hollow}
