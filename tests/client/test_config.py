"""`holdall.toml`: clusters by name, and secrets that stay with their owner."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import InvalidArgument, InvalidURI, NotFound
from holdall.client.config import ClusterConfig, Config, load, save

ONE = ClusterConfig("https://one", access_key="A", secret_key="the secret", org="acme")
TWO = ClusterConfig("/srv/two", owner="ann")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "below" / "holdall.toml"
    assert load(file) == Config()
    config = Config().having("one", ONE).having("two", TWO).using("two")
    save(file, config)
    assert load(file) == config
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    save(file, config.without("two"))
    assert load(file) == Config({"one": ONE})
    assert [each.name for each in file.parent.iterdir()] == ["holdall.toml"]


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, one: str, two: str) -> None:
    file = tmp_path_factory.mktemp("config") / "holdall.toml"
    config = Config({"c.d": ClusterConfig(one, secret_key=two or None, secret_command=(one, two))})
    save(file, config)
    assert load(file) == config


def test_the_first_one_is_the_current_one() -> None:
    config = Config().having("one", ONE).having("two", TWO)
    assert config.current == "one"
    assert config.without("one").current is None
    for change in (config.without, config.using, config.cluster):
        with pytest.raises(NotFound):
            change("three")
    with pytest.raises(InvalidURI):
        config.having("Not A Name", ONE)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "holdall.toml"
    save(file, Config().having("one", ONE))
    file.chmod(0o640)
    with pytest.raises(InvalidArgument, match="chmod 600") as caught:
        load(file)
    assert "the secret" not in str(caught.value)
    save(file, Config().having("two", TWO))
    file.chmod(0o644)
    assert load(file).current == "two"


@pytest.mark.parametrize(
    "text",
    [
        "current = ",
        "current = 'nobody'",
        "other = 1",
        "clusters = 1",
        "[clusters.a]",
        "[clusters.a]\nwhere = 1",
        "[clusters.a]\nwhere = 'x'\nregion = 1",
        "[clusters.a]\nwhere = 'x'\nnonsense = 'y'",
        "[clusters.a]\nwhere = 'x'\nsecret_command = 'pass'",
        "[clusters.a]\nwhere = 'x'\nsecret_command = []",
        "[clusters.'A B']\nwhere = 'x'",
        "\udcff",
    ],
)
def test_a_file_that_is_broken(text: str, tmp_path: Path) -> None:
    file = tmp_path / "holdall.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InvalidArgument):
        load(file)


def test_a_command_gives_the_secret() -> None:
    program = "print('from a command'); print('more')"
    cluster = ClusterConfig("https://h", secret_command=(sys.executable, "-c", program))
    assert cluster.secret() == "from a command"
    assert ONE.secret() == "the secret"
    assert "the secret" not in repr(ONE)


@pytest.mark.parametrize(
    "program", ["raise SystemExit(1)", "", "print('a secret'); raise SystemExit(1)"]
)
def test_a_command_that_fails_says_no_secret(program: str) -> None:
    cluster = ClusterConfig("https://h", secret_command=(sys.executable, "-c", program))
    with pytest.raises(InvalidArgument) as caught:
        cluster.secret()
    assert "a secret" not in str(caught.value)
    with pytest.raises(InvalidArgument):
        ClusterConfig("https://h", secret_command=("/no/such/program",)).secret()
