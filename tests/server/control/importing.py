"""Servers that import buckets, and one to import them from. Whoever uses `imported` says in
`wanted` what to send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall.cli.remote import Remote
from tests.server.whole import Whole, serving_whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory: Path = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory, allow_private_endpoints=True) as running:
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A provider that verifies signatures and looks at session policies."""
    directory: Path = tmp_path_factory.mktemp("other") / "store"
    with serving_whole(directory) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Whole]:
    """A server whose master key may be changed."""
    with serving_whole(tmp_path / "own", allow_private_endpoints=True) as running:
        yield running


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Whole]:
    """A server as it is without the operator's word."""
    with serving_whole(tmp_path / "strict") as running:
        yield running


@pytest.fixture
async def imported(admin: Remote, wanted: dict[str, Any]) -> str:
    await admin.post("/buckets/import", **wanted)
    return str(wanted["name"])
