"""Two processes at work on one store, killed at random. Long form: `scripts/kill_storm.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .storm import Storm

pytestmark = pytest.mark.timeout(300)


async def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    storm = Storm(tmp_path / "store", seed=1)
    await storm.run(10)
    assert storm.problems == []
    assert storm.kills == 20
    assert storm.acknowledged > 20


async def test_acknowledging_too_early_is_found_out(tmp_path: Path) -> None:
    """The control: workers that report success before they call."""
    storm = Storm(tmp_path / "store", seed=2, hasty=True)
    while not storm.problems and storm.rounds < 10:
        await storm.run(1)
    assert storm.problems
