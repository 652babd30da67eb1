"""Which server a command speaks to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdall.cli import profiles
from holdall.cli.clusters import config_path
from holdall.cli.options import DEFAULT_STORE
from holdall.cli.profiles import Profile
from holdall.client import config
from holdall.client.config import ClusterConfig, Config
from holdall.core.errors import InvalidArgument, NotFound

ONE = Profile("http://one:9000", "us-east-1", "AKIDONE", "secret one")
TWO = Profile("http://two:9000", "eu-west-1", "AKIDTWO", "secret two", "token")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
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
    assert profiles.find(None, DEFAULT_STORE) == ONE
    assert profiles.find("two", DEFAULT_STORE) == TWO


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        profiles.find(None, DEFAULT_STORE)
    serve(tmp_path / DEFAULT_STORE)
    assert profiles.find(None, DEFAULT_STORE) == Profile("http://s", "r", "A", "s")
    profiles.save("default", ONE)
    assert profiles.find(None, DEFAULT_STORE) == ONE
    for name, value in TWO.variables.items():
        monkeypatch.setenv(name, value)
    assert profiles.find(None, DEFAULT_STORE) == ONE, "an endpoint of S3 names no server"
    assert profiles.find(None, TWO.endpoint) == TWO
    profiles.save("three", ONE)
    monkeypatch.setenv(profiles.PROFILE, "three")
    assert profiles.find(None, TWO.endpoint) == ONE
    with pytest.raises(NotFound):
        profiles.find("four", DEFAULT_STORE)


def test_a_store_that_was_said_is_meant(tmp_path: Path) -> None:
    profiles.save("default", ONE)
    with pytest.raises(NotFound, match="other"):
        profiles.find(None, str(tmp_path / "other"))
    serve(tmp_path / "other")
    assert profiles.find(None, str(tmp_path / "other")).endpoint == "http://s"
    assert profiles.find(None, ONE.endpoint + "/") == ONE
    with pytest.raises(NotFound, match="elsewhere"):
        profiles.find(None, "http://elsewhere")


def serve(store: Path) -> None:
    """What a server leaves beside its store."""
    store.mkdir()
    (store / "server.json").write_text('{"endpoint": "http://s", "region": "r"}')
    (store / "access-key.json").write_text('{"access_key": "A", "secret_key": "s"}')


def test_a_cluster_that_is_no_server_is_no_profile(tmp_path: Path) -> None:
    config.save(config_path(), Config().having("here", ClusterConfig(str(tmp_path))))
    with pytest.raises(NotFound):
        profiles.find(None, DEFAULT_STORE)
    with pytest.raises(InvalidArgument):
        profiles.find("here", DEFAULT_STORE)
    serve(tmp_path / DEFAULT_STORE)
    with pytest.raises(NotFound):
        profiles.find(None, DEFAULT_STORE)


def test_the_server_of_a_directory_that_is_the_current_cluster(tmp_path: Path) -> None:
    config.save(config_path(), Config().having("here", ClusterConfig(str(tmp_path / "there"))))
    serve(tmp_path / "there")
    assert profiles.find(None, DEFAULT_STORE).endpoint == "http://s"


@pytest.mark.parametrize("text", ["{", "[clusters.default]\nwhere = 1"])
def test_a_file_that_is_broken(text: str, tmp_path: Path) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(text)
    with pytest.raises(InvalidArgument):
        profiles.find(None, DEFAULT_STORE)


def test_lines_of_a_shell_are_quoted() -> None:
    lines = profiles.exports(Profile("http://x", "r", "A", "it's; rm -rf /").variables)
    assert lines[2] == """export AWS_SECRET_ACCESS_KEY='it'"'"'s; rm -rf /'"""
    assert lines[-1] == "unset AWS_SESSION_TOKEN"
    assert "export AWS_SESSION_TOKEN=token" in profiles.exports(TWO.variables)
    assert profiles.exports({"OF_ANOTHER": "x"}) == ["export OF_ANOTHER=x"]
    assert TWO.server_exports[0] == "export HOLDALL_STORE=http://two:9000"
    assert TWO.server_exports[-1] == "unset HOLDALL_PROFILE"
    assert not any("HOLDALL" in line for line in profiles.exports(TWO.variables))


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(TWO).replace("secret_key", "")
    assert "'token'" not in repr(TWO)
    assert json.dumps(ONE.variables)
