"""One whole server for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.whole import Whole, serving_whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory: Path = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory, domains=("files.example.com",)) as running:
        yield running
