"""A server to be asked anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .proper import Fuzzed, fuzzed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with fuzzed(tmp_path_factory.mktemp("fuzz") / "store") as found:
        yield found
