"""A transfer that is cancelled leaves things as they were."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import Client
from tests.client.helpers import Recorder, content, keys, put_all

pytestmark = pytest.mark.usefixtures("bucket")

LARGE = b"x" * 3_000_000


class Cancelling(Recorder):
    """Cancels the task that it is called from, or `victim`, at its first step."""

    victim: asyncio.Task[Any] | None = None

    def step(self, data: Any) -> None:
        task = self.victim or asyncio.current_task()
        assert task is not None
        task.cancel()


async def cancelled(transfer: Callable[[Cancelling], Awaitable[None]]) -> None:
    """Run a transfer that its own progress cancels."""
    progress = Cancelling()
    task = asyncio.ensure_future(transfer(progress))
    progress.victim = task  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_upload(client: Client, local: Path) -> None:
    (local / "file").write_bytes(LARGE)
    await client.buckets.put_blob("box", "key", b"before")
    await cancelled(
        lambda progress: client.buckets.upload_file(
            local / "file", "blob:box/key", progress=progress
        )
    )
    assert await content(client, "key") == b"before"


async def test_a_download(client: Client, local: Path) -> None:
    await client.buckets.put_blob("box", "key", LARGE)
    (local / "file").write_bytes(b"before")
    await cancelled(
        lambda progress: client.buckets.download_file(
            "blob:box/key", local / "file", progress=progress
        )
    )
    assert (local / "file").read_bytes() == b"before"
    assert os.listdir(local) == ["file"]


async def test_an_upload_of_a_tree(client: Client, local: Path) -> None:
    for number in range(20):
        (local / f"{number:02}").write_bytes(LARGE)
    await cancelled(
        lambda progress: client.buckets.upload_dir(local, "blob:box", progress=progress)
    )
    assert await keys(client) == []


async def test_a_download_of_a_tree(client: Client, local: Path) -> None:
    await put_all(client, *(f"{number:02}" for number in range(40)))
    await cancelled(
        lambda progress: client.buckets.download_dir("blob:box", local, progress=progress)
    )
    left = os.listdir(local)
    assert len(left) < 40
    for name in left:  # what was finished meanwhile is whole, and nothing else is there
        assert (local / name).read_text() == name
