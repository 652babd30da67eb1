"""Which server a command speaks to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdall.cli import profiles
from holdall.cli.profiles import Profile
from holdall.client import config
from holdall.client.config import ClusterConfig, Config
from holdall.core.errors import InvalidArgument, NotFound

ONE = Profile("http://one:9000", "us-east-1", "AKIDONE", "secret one")
TWO = Profile("http://two:9000", "eu-west-1", "AKIDTWO", "secret two", "token")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (
        profiles.PROFILE,
        profiles.ENDPOINT,
        profiles.ACCESS_KEY,
        profiles.SECRET_KEY,
        profiles.TOKEN,
        profiles.REGION,
    ):
        monkeypatch.delenv(name, raising=False)


def test_they_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    for name, profile in (("default", ONE), ("two", TWO)):
        file = profiles.save(name, profile)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.is_relative_to(tmp_path)
    assert profiles.find(None, tmp_path) == ONE
    assert profiles.find("two", tmp_path) == TWO


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        profiles.find(None, tmp_path)
    (tmp_path / "server.json").write_text('{"endpoint": "http://s", "region": "r"}')
    (tmp_path / "access-key.json").write_text('{"access_key": "A", "secret_key": "s"}')
    assert profiles.find(None, tmp_path) == Profile("http://s", "r", "A", "s")
    profiles.save("default", ONE)
    assert profiles.find(None, tmp_path) == ONE
    for name, value in TWO.variables.items():
        monkeypatch.setenv(name, value)
    assert profiles.find(None, tmp_path) == TWO
    profiles.save("three", ONE)
    monkeypatch.setenv(profiles.PROFILE, "three")
    assert profiles.find(None, tmp_path) == ONE
    with pytest.raises(NotFound):
        profiles.find("four", tmp_path)


def test_a_cluster_that_is_no_server_is_no_profile(tmp_path: Path) -> None:
    config.save(profiles.path(), Config().having("here", ClusterConfig(str(tmp_path))))
    with pytest.raises(NotFound):
        profiles.find(None, tmp_path)
    with pytest.raises(InvalidArgument):
        profiles.find("here", tmp_path)


@pytest.mark.parametrize("text", ["{", "[clusters.default]\nwhere = 1"])
def test_a_file_that_is_broken(text: str, tmp_path: Path) -> None:
    profiles.path().parent.mkdir(parents=True)
    profiles.path().write_text(text)
    with pytest.raises(InvalidArgument):
        profiles.find(None, tmp_path)


def test_lines_of_a_shell_are_quoted() -> None:
    lines = Profile("http://x", "r", "A", "it's; rm -rf /").exports
    assert lines[2] == """export AWS_SECRET_ACCESS_KEY='it'"'"'s; rm -rf /'"""
    assert lines[-1] == "unset AWS_SESSION_TOKEN"
    assert "export AWS_SESSION_TOKEN=token" in TWO.exports


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(TWO).replace("secret_key", "")
    assert "'token'" not in repr(TWO)
    assert json.dumps(ONE.variables)
