"""The layer rules of pyproject.toml hold, and each of them can be broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

OFFENCES = {
    "Imports point down": ("catalog", "import holdall.payloads.protocol"),
    "Core knows no network, no database and no other program": ("core", "import socket"),
    "One file knows every driver": ("client", "import holdall.engine.engine"),
    "The command line uses Holdall as anybody would": ("cli", "import holdall.catalog.schema"),
    "Only the command line knows the terminal": ("payloads", "import rich"),
    "Only the catalog speaks to SQLite": ("engine", "import apsw"),
    "Only the catalog speaks to PostgreSQL": ("backends", "import psycopg"),
    "Only its drivers know the library of Azure": ("payloads/s3", "import azure.core"),
    "Only its drivers know the library of Google": ("payloads/s3", "import google.auth"),
    "Nobody uses the sqlite3 of the standard library": ("testing", "import sqlite3"),
    "Tables do not know their dialect": ("catalog/tables", "import holdall.catalog.sqlite.lock"),
    "The two databases do not know each other": (
        "catalog/postgres",
        "import holdall.catalog.sqlite.lock",
    ),
}
"""For each rule a module that breaks it: the package it is put into, and its one line."""


def test_the_rules_hold() -> None:
    status, verdicts, printed = lint(ROOT)
    assert status == 0, printed
    assert set(verdicts.values()) == {"KEPT"}


def test_every_rule_can_be_broken(tmp_path: Path) -> None:
    copy = copy_of_the_source(tmp_path)
    for number, (package, offence) in enumerate(OFFENCES.values()):
        (copy / "src/holdall" / package / f"offence_{number}.py").write_text(offence + "\n")
    status, verdicts, printed = lint(copy)
    assert status == 1, printed
    assert verdicts == dict.fromkeys(OFFENCES, "BROKEN")


def test_a_package_without_a_place_breaks_the_first_rule(tmp_path: Path) -> None:
    copy = copy_of_the_source(tmp_path)
    (copy / "src/holdall/newcomer.py").touch()
    status, verdicts, printed = lint(copy)
    assert status == 1, printed
    assert verdicts["Imports point down"] == "BROKEN"


def copy_of_the_source(folder: Path) -> Path:
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ours)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(root: Path) -> tuple[int, dict[str, str], str]:
    """Exit status, verdict by rule, and all that was printed."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    return done.returncode, dict(verdicts), done.stdout + done.stderr
