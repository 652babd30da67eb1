"""The table of who skips what is true, and so is what the documentation shows of it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from holdall.core.values import Capabilities
from holdall.testing.backends import BackendTests
from holdall.testing.table import BACKENDS, rows

DOCS = Path(__file__).parents[2] / "docs" / "backends.md"
ABLE = Capabilities(signed_urls=True, credentials=True)


def test_the_documentation_shows_the_table() -> None:
    shown = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("|")]
    assert shown == list(rows(BACKENDS))


def test_who_can_do_everything_skips_nothing() -> None:
    head, _, last = rows({"all": ABLE})
    assert head == "| test | all |"
    _, count, sat, _ = (cell.strip() for cell in last.split("|"))
    assert count == f"of {sat} tests"


def test_a_test_is_named_with_what_it_lacks() -> None:
    lines = list(rows({"all": ABLE, "few": replace(ABLE, uploads=False, versions=False)}))
    assert "| test_conditions_of_an_upload |  | uploads |" in lines
    assert "| test_by_force_a_bucket_goes_with_everything |  | versions, uploads |" in lines
    assert not any("test_an_empty_bucket_goes" in line for line in lines)


def test_every_need_is_an_ability() -> None:
    abilities = {each.name for each in fields(Capabilities)}
    tests = (getattr(BackendTests, name) for name in dir(BackendTests) if name.startswith("test_"))
    assert {need for test in tests for need in getattr(test, "needs", ())} <= abilities
