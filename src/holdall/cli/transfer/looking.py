"""What is there, before a transfer is planned: directories, and what a pattern matches."""

from __future__ import annotations

import glob
from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdall.cli.output import Output
from holdall.cli.places import Blob, Local, Place, place
from holdall.cli.transfer.past import found_at, is_directory_at
from holdall.cli.transfer.plan import Job, Source, Target, plan
from holdall.client.client import Client
from holdall.core.errors import BlobNotFound, InvalidArgument, IsADirectory, NotFound


@dataclass(frozen=True, slots=True)
class Looking:
    """How the arguments of `cp` and `mv` are read."""

    recursive: bool
    globbing: bool = False
    exact: bool = False
    at: datetime | None = None


async def jobs_of(
    client: Client, output: Output, sources: Sequence[str], target: str, how: Looking
) -> list[Job]:
    """What is to be done. A source that is not there is reported, and the others remain."""
    found: list[Source] = []
    for text in sources:
        try:
            found += await _sources_of(client, text, how)
        except (NotFound, IsADirectory) as error:
            output.fail(error)
    several = how.globbing or len(sources) > 1
    return plan(found, await _target_of(client, target, how.exact, several))


async def _sources_of(client: Client, text: str, how: Looking) -> Sequence[Source]:
    if how.globbing:
        if how.at is not None:
            raise InvalidArgument("a pattern finds what is there now; --at does not go with it")
        return await _matches(client, text)
    source = await _source_of(client, place(text), how.at)
    if source.is_directory and not how.recursive:
        raise IsADirectory(f"{source.place} is a directory; -r copies it with all it holds")
    return [source]


async def _source_of(client: Client, named: Place, at: datetime | None) -> Source:
    """A source as it is there; `NotFound` if it is not.

    Where `foo` and `foo/…` both are, `foo` is the blob and `foo/` the directory.
    """
    if isinstance(named, Blob):
        return await _blob_source(client, named, at)
    if at is not None:
        raise InvalidArgument(f"{named} has no past; --at is a time of a bucket")
    if not isinstance(named, Local):
        return Source(named)
    if not named.is_there:
        raise NotFound(f"there is no {named}", path=named.path)
    return Source(named, named.is_directory)


async def _target_of(client: Client, text: str, exact: bool, several: bool) -> Target:
    named = place(text)
    if isinstance(named, Blob):
        is_directory = await client.buckets.blob_is_dir(str(named))
    else:
        is_directory = isinstance(named, Local) and named.is_directory
    return Target(named, is_directory, exact, several)


async def _blob_source(client: Client, named: Blob, at: datetime | None) -> Source:
    if not named.names_directory and await found_at(client, named, at) is not None:
        return Source(named)
    if await is_directory_at(client, named, at):
        return Source(named, is_directory=True)
    raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)


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
