"""`holdall serve` before it serves: wrong usage, and what it says. See tests/server/running."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from holdall.server import serving
from holdall.server.options import ServerOptions
from tests.cli.conftest import Holdall


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[ServerOptions]:
    """What would have been run."""
    found: list[ServerOptions] = []

    def run(options: ServerOptions, listener: socket.socket) -> None:
        found.append(options)
        listener.close()

    monkeypatch.setattr(serving, "run", run)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_the_secret_is_shown_once(
    holdall: Holdall, runs: list[ServerOptions], tmp_path: Path
) -> None:
    first = holdall("serve", tmp_path / "new", "--port", "0")
    assert first.code == 0
    secret = next(line for line in first.lines if line.startswith("secret key")).split()[-1]
    assert len(secret) == 40
    again = holdall("serve", tmp_path / "new", "--port", "0")
    assert secret not in again.out
    assert secret in holdall("env", tmp_path / "new").out
    assert [options.directory for options in runs] == [tmp_path / "new"] * 2


def test_without_a_directory_it_is_the_store(
    holdall: Holdall, runs: list[ServerOptions], store: Path
) -> None:
    assert holdall("serve", "--port", "0").code == 0
    assert runs[0].directory == store
    assert (store / "catalog.db").exists()


def test_options_arrive(holdall: Holdall, runs: list[ServerOptions], tmp_path: Path) -> None:
    done = holdall(
        *("serve", tmp_path / "s", "--port", "0", "--workers", "3", "--region", "eu-west-1"),
        *("--domain", "S3.Example.com.", "--domain", "b.lan", "--allow-sigv2", "--log", "json"),
        *("--public-url", "https://files.example.com"),
        "--allow-private-endpoints",
        "--json",
    )
    assert done.json["endpoint"] == "https://files.example.com"
    [options] = runs
    assert options.domains == ("s3.example.com", "b.lan")
    assert (options.workers, options.region, options.log) == (3, "eu-west-1", "json")
    assert options.allow_sigv2
    assert options.allow_private_endpoints


def test_the_environments_key(
    holdall: Holdall,
    runs: list[ServerOptions],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDGIVEN")
    assert holdall("serve", tmp_path / "s", "--port", "0").code == 2
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "given secret")
    done = holdall("serve", tmp_path / "s", "--port", "0")
    assert "AKIDGIVEN" in done.out
    assert "given secret" not in done.out


def test_files_that_others_can_read_are_told(
    holdall: Holdall, runs: list[ServerOptions], tmp_path: Path
) -> None:
    holdall("serve", tmp_path / "s", "--port", "0")
    (tmp_path / "s" / "master-key").chmod(0o640)
    assert "chmod 600" in holdall("serve", tmp_path / "s", "--port", "0").err


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "70000"),
        ("--workers", "0"),
        ("--certfile", "x"),
        ("--public-url", "nowhere"),
        ("--log", "loud"),
        ("--payloads", "http://x"),
    ],
)
def test_wrong_usage(
    holdall: Holdall, runs: list[ServerOptions], tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = holdall("serve", tmp_path / "s", *options)
    assert done.code == 2
    assert runs == []
    assert not (tmp_path / "s").exists()


def test_a_directory_of_other_things(
    holdall: Holdall, runs: list[ServerOptions], tmp_path: Path
) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    assert holdall("serve", tmp_path, "--port", "0").code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    assert runs == []
