"""The S3 servers that these tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdall.server import uploads
from holdall.testing.moto import moto_server
from holdall.testing.seaweed import seaweed_server
from holdall.testing.server import Running, serving

__all__ = ["moto_server", "seaweed_server"]


@pytest.fixture(scope="module")
def holdall_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Our own, which takes parts of any size, and whose store is sound afterwards."""
    with pytest.MonkeyPatch.context() as patch, serving(tmp_path_factory.mktemp("store")) as server:
        patch.setattr(uploads, "LEAST_PART", 0)
        yield server
        assert server.problems() == []
