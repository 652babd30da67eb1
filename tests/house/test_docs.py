"""The documentation is true, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

import holdall
from holdall.cli.main import app

from .examples import code, overlooked, run_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def documented() -> str:
    return "\n".join(code(page.read_text("utf-8")) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_examples_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(str(page), page.read_text("utf-8"), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_example_escapes(page: Path) -> None:
    assert overlooked(page.read_text("utf-8")) == []


def test_the_readme_has_examples(tmp_path: Path) -> None:
    readme = code(PAGES[0].read_text("utf-8"))
    assert "holdall.connect(" in readme
    assert re.search(r"^\$ holdall \w", readme, re.MULTILINE)


def test_every_public_name_is_documented() -> None:
    shown = documented()
    assert [name for name in holdall.__all__ if not re.search(rf"\b{name}\b", shown)] == []


def test_every_command_is_documented() -> None:
    shown = documented()
    group = typer.main.get_group(app)
    names = group.list_commands(typer.Context(group))
    assert names
    assert [name for name in names if not re.search(rf"\bholdall {name}\b", shown)] == []
