"""A source on its way into an object, its checksums computed and demanded on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import NamedTuple

from holdall.backends.s3 import conditions, said
from holdall.backends.s3.spooling import updated
from holdall.core.checksums import Digester, digester, verified
from holdall.core.sources import Source, chunks, in_memory
from holdall.core.values import PutOptions
from holdall.s3.client import S3Client, Stored
from holdall.s3.client.parts import PART
from holdall.s3.client.uploading import PartsUpload

Checksums = Mapping[str, bytes | None]


class Sent(NamedTuple):
    """What was made, and its size in bytes."""

    stored: Stored
    size: int


async def send(
    client: S3Client, bucket: str, key: str, source: Source, options: PutOptions
) -> Sent:
    """One request for few bytes, else parts. After any error nothing is stored.

    The checksums of few bytes are kept beside them; of many they are demanded and not kept:
    S3 wants to be told what to keep before the first part.
    """
    digesters = {name: digester(name) for name in options.checksums}
    whole = in_memory(source, PART)
    if whole is not None:
        await updated(digesters, whole)
        return await _send_whole(client, bucket, key, whole, digesters, options)
    async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
        head, ended = await _head(stream, digesters)
        if ended:
            return await _send_whole(client, bucket, key, head, digesters, options)
        headers = said.headers(key, head, options, {})
        async with aclosing(PartsUpload(client, bucket, key, headers)) as upload:
            await upload.write(head)
            async for chunk in stream:
                await updated(digesters, chunk)
                await upload.write(chunk)
            verified(digesters, options.checksums)
            stored = await upload.complete(conditions.headers(options.precondition))
            return Sent(stored, upload.size)


async def _send_whole(
    client: S3Client,
    bucket: str,
    key: str,
    data: bytes,
    digesters: Mapping[str, Digester],
    options: PutOptions,
) -> Sent:
    headers = {
        **said.headers(key, data, options, verified(digesters, options.checksums)),
        **conditions.headers(options.precondition),
    }
    return Sent(await client.put(bucket, key, data, headers=headers), len(data))


async def _head(
    stream: AsyncIterator[bytes], digesters: Mapping[str, Digester]
) -> tuple[bytes, bool]:
    """The first bytes, and whether they are all."""
    head = bytearray()
    async for chunk in stream:
        await updated(digesters, chunk)
        head += chunk
        if len(head) > PART:
            return bytes(head), False
    return bytes(head), True
