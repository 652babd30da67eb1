"""Local places as callers write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from yarl import URL

from holdall import InvalidArgument
from holdall.client.local import local_path, url_of


@pytest.mark.parametrize("name", ["plain", "a b", "100%", "%20", "q?x#y", "näme ☃", "a+b"])
def test_a_path_survives_its_url(name: str) -> None:
    path = Path("/tmp") / name
    assert local_path(url_of(path)) == path
    assert local_path(str(url_of(path))) == path
    assert local_path(str(path)) == path


def test_a_relative_path_gets_an_absolute_url() -> None:
    assert local_path(url_of(Path("here"))) == Path.cwd() / "here"


@pytest.mark.parametrize("place", ["", "a\0b", URL("file://far/x"), URL("http://host/x")])
def test_what_names_no_local_file(place: str | URL) -> None:
    with pytest.raises(InvalidArgument):
        local_path(place)
