"""tag: showing, setting and removing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Holdall


@pytest.fixture
def blob(holdall: Holdall, bucket: str, tree: Path) -> str:
    holdall("cp", tree / "one.txt", f"{bucket}/one.txt")
    return f"{bucket}/one.txt"


def test_set_shown_removed(holdall: Holdall, blob: str) -> None:
    assert holdall("tag", blob).out == ""
    assert holdall("tag", blob, "colour=blue", "x=a=b").lines == ["colour=blue", "x=a=b"]
    assert holdall("tag", blob, "colour=red").lines == ["colour=red", "x=a=b"]
    assert holdall("tag", blob, "--remove", "x", "y=").lines == ["colour=red", "y="]
    assert holdall("tag", blob, "--json").json["tags"] == {"colour": "red", "y": ""}
    assert holdall("stat", blob, "--json").json["tags"] == {"colour": "red", "y": ""}
    assert holdall("tag", blob, "--clear", "z=1").lines == ["z=1"]
    assert holdall("tag", blob, "--clear").lines == []


def test_of_one_revision(holdall: Holdall, blob: str, tree: Path) -> None:
    holdall("tag", blob, "n=0")
    holdall("cp", tree / "one.txt", blob)
    assert holdall("tag", blob).out == ""
    assert holdall("tag", blob, "--revision", "0").lines == ["n=0"]
    assert holdall("tag", blob, "--revision", "0", "n=1").lines == ["n=1"]
    assert holdall("tag", blob).out == ""


def test_what_cannot_be(holdall: Holdall, blob: str) -> None:
    holdall("tag", blob, "a=1")
    assert holdall("tag", blob, "b").code == 2
    assert holdall("tag", blob, "=b").code == 2
    assert holdall("tag", blob, "--remove", "b").code == 3
    assert holdall("tag", f"{blob}x", "a=1").code == 3
    assert holdall("tag", "blob:docs", "a=1").code == 2
    assert holdall("tag", blob).lines == ["a=1"]
