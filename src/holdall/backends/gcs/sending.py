"""A source on its way into an object of Google."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing

from holdall.backends.gcs import said
from holdall.core.checksums import Digester, digester, verified
from holdall.core.sources import Source, chunks
from holdall.core.values import PutOptions
from holdall.payloads.gcs.client import GcsClient, Resource
from holdall.payloads.gcs.resumable import CHUNK


async def send(
    client: GcsClient, bucket: str, key: str, source: Source, options: PutOptions
) -> Resource:
    """Store a source. One request for few bytes, else chunks; after any error nothing shows.

    CRC32C and MD5 Google keeps itself. Other checksums of few bytes are kept beside them; of
    many they are demanded and not kept: Google wants to be told before the first byte.
    """
    conditions = said.conditions(options.precondition, bucket, key)
    digesters = {name: digester(name) for name in options.checksums}
    async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
        head, ended = await _head(stream, digesters)
        kept = verified(digesters, options.checksums) if ended else {}
        resource = said.resource(key, head, options, kept)
        if ended:
            return await client.insert(bucket, resource, head, conditions)
        async with aclosing(await client.upload(bucket, resource, conditions)) as upload:
            await upload.write(head)
            async for chunk in stream:
                await _update(digesters, chunk)
                await upload.write(chunk)
            verified(digesters, options.checksums)
            return await upload.finish()


async def _head(
    stream: AsyncIterator[bytes], digesters: Mapping[str, Digester]
) -> tuple[bytes, bool]:
    """The first bytes, and whether they are all."""
    head = bytearray()
    async for chunk in stream:
        await _update(digesters, chunk)
        head += chunk
        if len(head) > CHUNK:
            return bytes(head), False
    return bytes(head), True


async def _update(digesters: Mapping[str, Digester], chunk: bytes) -> None:
    await asyncio.gather(*(asyncio.to_thread(d.update, chunk) for d in digesters.values()))
