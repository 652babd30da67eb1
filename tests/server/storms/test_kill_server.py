"""A server that is killed under its clients. Long form: `scripts/kill_server.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .server_storm import ServerStorm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    storm = ServerStorm(tmp_path / "store", seed=1)
    storm.run(3)
    assert storm.problems == []
    assert storm.kills >= 4
    assert storm.acknowledged > 10


def test_acknowledging_too_early_is_found_out(tmp_path: Path) -> None:
    """The control: clients that believe in a success before they ask for it."""
    storm = ServerStorm(tmp_path / "store", seed=2, hasty=True)
    while not storm.problems and storm.rounds < 6:
        storm.run(1)
    assert storm.problems
