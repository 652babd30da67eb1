"""A client that was used before a fork serves both sides after it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

import holdall


async def put_and_count(client: holdall.Client, key: str) -> int:
    await client.buckets.put_blob("box", key, key.encode())
    async with client.buckets.list_blobs("blob:box/", recursive=True) as entries:
        return len([entry async for entry in entries])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking with threads is the point
def test_both_sides_of_a_fork_go_on(tmp_path: Path) -> None:
    client = holdall.connect(tmp_path / "store")

    async def begin() -> None:
        await client.buckets.create("box")
        await put_and_count(client, "before")

    asyncio.run(begin())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if asyncio.run(put_and_count(client, "child")) >= 2 else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0

    async def end() -> None:
        assert await put_and_count(client, "parent") == 3
        assert list(await client.check(scrub=True)) == []
        await client.aclose()

    asyncio.run(end())
