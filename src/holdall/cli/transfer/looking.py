"""What is there, before a transfer is planned: directories, and what a pattern matches."""

from __future__ import annotations

import glob
from asyncio import to_thread
from collections.abc import Iterable, Sequence

from holdall.cli.places import Blob, Local, Place, place
from holdall.cli.transfer.plan import Source, Target
from holdall.client.client import Client
from holdall.core.errors import BlobNotFound, IsADirectory, NotFound


async def sources_of(
    client: Client, texts: Iterable[str], *, globbing: bool, recursive: bool
) -> list[Source]:
    """The sources that arguments name. `IsADirectory` for one unless `recursive`."""
    if globbing:
        return [source for text in texts for source in await _matches(client, text)]
    sources = [await source_of(client, place(text)) for text in texts]
    for source in sources:
        if source.is_directory and not recursive:
            raise IsADirectory(f"{source.place} is a directory; -r copies it with all it holds")
    return sources


async def source_of(client: Client, named: Place) -> Source:
    """A source as it is there; `NotFound` if it is not.

    Where `foo` and `foo/…` both are, `foo` is the blob and `foo/` the directory.
    """
    if isinstance(named, Blob):
        return await _blob_source(client, named)
    if isinstance(named, Local) and named.is_directory:
        return Source(named, is_directory=True)
    return Source(named)


async def target_of(client: Client, text: str, *, exact: bool) -> Target:
    """The last argument, and whether a directory is there."""
    named = place(text)
    if isinstance(named, Blob):
        return Target(named, await client.buckets.blob_is_dir(str(named)), exact)
    return Target(named, isinstance(named, Local) and named.is_directory, exact)


async def _blob_source(client: Client, named: Blob) -> Source:
    if not named.names_directory and await _is_blob(client, named):
        return Source(named)
    if await client.buckets.blob_is_dir(str(named)):
        return Source(named, is_directory=True)
    raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)


async def _is_blob(client: Client, named: Blob) -> bool:
    try:
        await client.buckets.head_blob(named.bucket, named.key, **named.whose)
    except BlobNotFound:
        return False
    return True


async def _matches(client: Client, text: str) -> Sequence[Source]:
    """What a pattern matches, directories left out. `NotFound` when there is nothing."""
    named = place(text)
    if isinstance(named, Blob):
        # Owner and cluster as they were written, not as the client spells them out.
        async with client.buckets.glob_blobs(text) as entries:
            found = [Source(named.at(entry.key)) async for entry in entries if entry.is_file()]
    else:
        paths = await to_thread(glob.glob, text, recursive=True)
        locals = [Local(path) for path in sorted(paths)]
        found = [Source(local) for local in locals if not local.is_directory]
    if not found:
        raise NotFound(f"nothing matches {text}", actual=text)
    return found
