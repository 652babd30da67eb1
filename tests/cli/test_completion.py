"""completion: through real scripts, where there is the shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holdall.cli import candidates, profiles
from holdall.cli.shells import SCRIPTS, Shell
from holdall.server.opening import announce
from tests.cli.conftest import Holdall
from tests.server.whole import s3, serving_whole

Complete = Callable[[str], list[str]]


@pytest.fixture
def ask(store: Path) -> Complete:
    """What a line may go on as, by the protocol that the scripts use."""

    def complete(line: str) -> list[str]:
        asked = {
            "HOLDALL_STORE": str(store),
            "_HOLDALL_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": line,
        }
        command = [sys.executable, "-m", "holdall.cli"]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **asked}, check=True
        )
        assert done.stderr == ""
        return [value.partition("\t")[0] for value in done.stdout.splitlines() if value]

    return complete


@pytest.fixture
def full(holdall: Holdall, bucket: str, tree: Path) -> str:
    holdall("mb", "dogs")
    holdall("mb", "cats")
    holdall("cp", "-r", tree, f"{bucket}/t")
    return bucket


def test_words_and_options(ask: Complete) -> None:
    assert ask("holdall tr") == ["tree", "transfers"]
    assert ask("holdall ls --lo") == ["--long"]
    assert ask("holdall completion ") == ["bash", "zsh", "fish"]
    assert ask("holdall find --type ") == ["f", "d"]


def test_buckets_then_keys_up_to_the_next_slash(ask: Complete, full: str) -> None:
    assert ask("holdall ls bl") == ["blob:"]
    assert ask("holdall ls blob:do") == ["blob:docs/", "blob:dogs/"]
    assert ask("holdall cp x blob:cat") == ["blob:cats/"]
    assert ask("holdall ls blob:docs/") == ["blob:docs/t/"]
    assert ask("holdall cat blob:docs/t/s") == ["blob:docs/t/sub/"]
    found = ask("holdall cat blob:docs/t/sub/")
    assert found == ["blob:docs/t/sub/b%20%23%3F%25.bin", "blob:docs/t/sub/deep/"]
    assert ask(f"holdall cat {found[0][:-3]}") == [found[0]]
    assert ask("holdall rb do") == ["docs", "dogs"]


def test_the_longer_forms(ask: Complete, holdall: Holdall, full: str) -> None:
    uri = holdall("stat", f"{full}/t/one.txt", "--json").json["uri"]
    cluster = uri.removesuffix("docs/t/one.txt")
    owner = cluster.replace("//local", "")
    assert ask(f"holdall ls {owner}ca") == [f"{owner}cats/"]
    assert ask(f"holdall ls {cluster}ca") == [f"{cluster}cats/"]
    assert ask(f"holdall ls {cluster}docs/t/o") == [uri]


def test_nothing_rather_than_a_message(ask: Complete, full: str, tmp_path: Path) -> None:
    assert ask("holdall ls blob:none/") == []
    assert ask("holdall ls blob://none/x") == []
    assert ask(f"holdall -s {tmp_path / 'none'} ls blob:") == []


def test_the_store_named_on_the_line_is_asked(
    ask: Complete, holdall: Holdall, tmp_path: Path
) -> None:
    holdall("-s", tmp_path / "other", "mb", "elsewhere")
    assert ask(f"holdall -s {tmp_path / 'other'} ls blob:") == ["blob:elsewhere/"]
    assert ask(f"holdall ls -s {tmp_path / 'other'} blob:") == ["blob:elsewhere/"]


def test_commands_for_servers_ask_the_server(
    ask: Complete,
    holdall: Holdall,
    full: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with serving_whole(tmp_path / "served") as whole:
        client = s3(whole.profile)
        client.create_bucket(Bucket="photos")
        client.put_object(Bucket="photos", Key="cat.jpg", Body=b"meow")
        profiles.save("far", whole.profile, owner="admin")
        assert ask("holdall sign --profile far blob:photos/c") == ["blob:photos/cat.jpg"]
        assert ask("holdall sign blob:docs/") == [], "no server is known of that store"
        assert ask("holdall public --profile far ") == ["photos"]
        assert ask("holdall public --profile far photos ") == ["on", "off"]
        assert ask("holdall creds --profile far ph") == ["photos"]
        assert ask("holdall creds --profile far --bucket ph") == ["photos"]
        assert ask("holdall share --profile far ph") == ["photos"]
        assert "minio" in ask("holdall import ")
        announce(whole.options, whole.endpoint)
        assert ask(f"holdall public --store {whole.options.directory} ph") == ["photos"]
    assert ask("holdall sign --profile far blob:photos/c") == [], "it is gone"


def test_not_all_of_many(holdall: Holdall, bucket: str, tmp_path: Path, store: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(candidates.MOST + 5):
        (tmp_path / "many" / f"{number:03}").touch()
    holdall("cp", "-r", tmp_path / "many", f"{bucket}/many")
    assert len(candidates.candidates(str(store), "blob:docs/many/")) == candidates.MOST


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("holdall ls blob:do", "docs/ dogs/"),  # the word that bash replaces begins at the colon
        ("holdall ls blob:docs/t/o", "docs/t/one.txt"),
        ("holdall ls bl", "blob:"),
        ("holdall tre", "tree"),
        ("holdall cp /nowh", ""),  # left to bash, which knows files
    ],
)
def test_in_bash(full: str, store: Path, tmp_path: Path, line: str, replies: str) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPTS[Shell.BASH].text)
    program = tmp_path / "holdall"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m holdall.cli "$@"\n')
    program.chmod(0o755)
    steps = (
        f"set -u; . {script}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}};"
        f' _holdall_complete {program}; echo "${{COMPREPLY[*]-}}"; complete -p holdall'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", steps],
        capture_output=True,
        text=True,
        env={**os.environ, "HOLDALL_STORE": str(store)},
        check=True,
    )
    reply, registered = done.stdout.splitlines()
    assert reply == replies
    assert "-F _holdall_complete holdall" in registered


@pytest.mark.parametrize("shell", list(Shell))
def test_the_script_is_printed_or_put_where_the_shell_looks(
    holdall: Holdall, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert holdall("completion", shell.value).out == SCRIPTS[shell].text
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    done = holdall("completion", shell.value, "--install", "--json").json
    written = Path(done["path"])
    assert written.is_relative_to(tmp_path / "data")
    assert written.read_text() == SCRIPTS[shell].text
    assert holdall("completion", "powershell").code == 2


def test_words_are_completed_without_the_client() -> None:
    program = (
        "import os, sys\n"
        "import holdall.cli.main as main\n"
        "try: main.main()\n"
        "except SystemExit as done: assert not done.code\n"
        "found = [name for name in sys.modules if name.startswith(('apsw', 'holdall.client'))]\n"
        "assert not found, found\n"
    )
    asked = {
        "_HOLDALL_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": "holdall t",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **asked},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tree" in done.stdout
