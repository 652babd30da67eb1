"""Help: complete, and shown without importing what it does not need."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from holdall.cli.index import COMMANDS
from tests.cli.conftest import Holdall

WANTED = [
    *("mb", "rb", "ls", "tree", "find", "cat", "cp", "mv", "sync", "mirror", "verify"),
    *("transfers", "rm", "stat", "du", "tag"),
    *("versions", "restore", "undo", "check", "sweep", "backup"),
    *("serve", "env", "login", "cluster", "keys", "master-key", "users", "orgs", "share", "public"),
    *("sign", "creds", "import"),
    *("explain", "lifecycle", "events", "watch", "demo", "bench", "completion"),
]


def test_the_table_names_every_command_in_order() -> None:
    assert list(COMMANDS) == WANTED


@pytest.mark.parametrize("name", WANTED)
def test_the_table_says_what_the_command_says(name: str) -> None:
    module = import_module(COMMANDS[name].module)
    assert COMMANDS[name].help == module.command.__doc__.splitlines()[0]


@pytest.mark.parametrize("name", WANTED)
def test_help_states_the_exit_codes_and_json(name: str, holdall: Holdall) -> None:
    for flag in ("-h", "--help"):
        shown = holdall(name, flag)
        assert shown.code == 0
        assert COMMANDS[name].help in shown.out
        assert "Exit codes: 0 " in shown.out
        assert "--json" in shown.out


@pytest.mark.parametrize("name", WANTED)
def test_help_speaks_of_no_types_and_fits(name: str, holdall: Holdall) -> None:
    shown = holdall(name, "-h").out
    assert "<" not in shown
    assert "[[" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_help_lists_every_command(holdall: Holdall) -> None:
    shown = holdall("--help")
    assert shown.code == 0
    for name, entry in COMMANDS.items():
        assert f"  {name} " in shown.out
        assert entry.help in shown.out


@pytest.mark.parametrize("flag", ["--help", "-h", "--version"])
def test_help_imports_neither_client_nor_engine(flag: str) -> None:
    program = (
        "import sys, holdall.cli.main as main\n"
        f"sys.argv = ['holdall', {flag!r}]\n"
        "try: main.main()\n"
        "except SystemExit as done: assert not done.code\n"
        "heavy = ('apsw', 'asyncio', 'yarl', 'awscrt', 'rich', 'holdall.client',\n"
        "         'holdall.engine', 'holdall.backends', 'holdall.catalog',\n"
        "         'holdall.payloads', 'holdall.cli.commands')\n"
        "found = [name for name in sys.modules if name.startswith(heavy)]\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "holdall" in done.stdout


def test_a_command_imports_no_other_command() -> None:
    program = (
        "import sys\n"
        "from holdall.cli.lazy import LazyGroup\n"
        "assert LazyGroup(name='x').get_command(None, 'ls') is not None\n"
        "found = {name for name in sys.modules if name.startswith('holdall.cli.commands.')}\n"
        "assert found == {'holdall.cli.commands.ls'}, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_command_is_wrong_usage(holdall: Holdall) -> None:
    assert holdall("frobnicate").code == 2
    assert holdall().code == 2


def test_version(holdall: Holdall) -> None:
    shown = holdall("--version")
    assert shown.code == 0
    assert shown.out.startswith("holdall ")
