from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from holdall.payloads.memory import MemoryPayloads
from holdall.testing import PayloadStoreTests


class TestMemoryPayloads(PayloadStoreTests):
    @pytest.fixture
    async def store(self) -> AsyncIterator[MemoryPayloads]:
        store = MemoryPayloads()
        yield store
        await store.aclose()
