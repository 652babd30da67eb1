from __future__ import annotations

from typing import cast

import pytest

from holdall.core.errors import RevisionNotFound
from holdall.s3.errors import S3Error
from holdall.server import copying
from holdall.server.call import Call


class Source:
    """Stands for a source that goes away so many times before it is used."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.looked = 0

    async def look(self, call: object) -> Source:
        self.looked += 1
        return self

    async def use(self, source: object) -> str:
        if self.looked <= self.losses:
            raise RevisionNotFound("gone")
        return "used"


async def test_a_source_that_was_replaced_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Source(losses=2)
    monkeypatch.setattr(copying, "source_of", source.look)
    assert await copying.settled(cast(Call, None), source.use) == (source, "used")
    assert source.looked == 3


async def test_a_source_that_never_rests_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(losses=100)
    monkeypatch.setattr(copying, "source_of", source.look)
    with pytest.raises(S3Error) as refusal:
        await copying.settled(cast(Call, None), source.use)
    assert refusal.value.code == "OperationAborted"
    assert source.looked == copying.TRIES
