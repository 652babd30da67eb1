"""A program as users write them. It is not run: `mypy --strict` has to accept it, and to know
the types that its readers see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import assert_type

from yarl import URL

import holdall


async def lines() -> AsyncIterator[bytes]:
    yield b"one\n"
    yield b"two\n"


async def keep(directory: Path) -> None:
    async with holdall.connect(directory) as client:
        assert_type(client, holdall.Client)
        bucket = await client.buckets.create("notes")
        assert_type(bucket, holdall.Bucket)

        first = await client.buckets.put_blob("notes", "a.txt", b"bytes")
        assert_type(first, holdall.BlobObject)
        await client.buckets.put_blob("notes", "a.txt", lines())
        await client.buckets.put_blob("notes", "a.txt", directory / "a.txt")


async def look(directory: Path) -> list[str]:
    client = holdall.connect(str(directory))
    try:
        async with client.buckets.list_blobs(URL("blob:notes/"), recursive=True) as entries:
            return [entry.key async for entry in entries if entry.is_file()]
    finally:
        await client.aclose()


async def read(client: holdall.Client) -> bytes:
    async with client.buckets.fetch_blob("notes", "a.txt", offset=3) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    async for chunk in client.buckets.fetch_blob("notes", "a.txt"):
        assert_type(chunk, bytes)
    return content


async def size_or_none(client: holdall.Client) -> int | None:
    try:
        return (await client.buckets.head_blob("notes", "a.txt")).size
    except holdall.NotFound as error:
        assert_type(error.retryable, bool)
        return None
