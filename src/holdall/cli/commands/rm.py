"""`holdall rm`: remove blobs."""

from __future__ import annotations

import shlex
from typing import Annotated, Final

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.client.progress import AbstractDeleteProgress, StorageProgressDelete
from holdall.core.errors import BlobNotFound, HoldallError, InvalidArgument, IsADirectory

_DIRECTORY: Final = "{} is a directory; -r removes all below it"
_BUCKET: Final = "{0} is a bucket; -r removes all that is in it, 'holdall rb {1}' the bucket"
_PATTERN: Final = "there is no {}; rm takes no patterns, find does: holdall find {} --name {}"
_MAGIC: Final = frozenset("*?[")


def command(
    uris: Annotated[
        list[str], typer.Argument(metavar="URI...", show_default=False, autocompletion=uris)
    ],
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Directories with everything below.")
    ] = False,
    all_revisions: Annotated[
        bool, typer.Option("--all-revisions", help="With their history, for good.")
    ] = False,
    store: Store = "",
    json: Json = False,
) -> None:
    """Remove blobs.

    A versioned bucket keeps the revisions of what is removed: undo brings it back. Where
    there are both a blob foo and blobs foo/..., foo is the blob and foo/ the directory.
    With -r --all-revisions the blobs that are there now go; one that was removed before is
    reached by its own URI.

    Exit codes: 0 removed; 1 something could not be removed; 2 wrong usage; 3 nothing of
    that name, the others were removed.
    """
    run(
        lambda client, output: rm(
            client, output, uris, recursive=recursive, all_revisions=all_revisions
        ),
        store=store,
        json=json,
    )


async def rm(
    client: Client, output: Output, texts: list[str], *, recursive: bool, all_revisions: bool
) -> None:
    removed = _Removed()
    remove = _remove_for_good if all_revisions else _remove
    for named in [_read(text, recursive) for text in texts]:
        try:
            await remove(client, named, recursive, removed)
        except BlobNotFound:
            output.fail(_nothing_of(named))
        except HoldallError as error:
            output.fail(error)
    if removed.blobs or output.as_json:
        output.result(removed.fields(), removed.sentence())


def _read(text: str, recursive: bool) -> Blob:
    named = blob(text)
    if not named.key and not recursive:
        raise InvalidArgument(_BUCKET.format(named, named.bucket), actual=text)
    return named


def _nothing_of(named: Blob) -> BlobNotFound:
    text = f"there is no {named}"
    if _MAGIC & set(named.name):
        above = named.at(named.key.removesuffix("/").rpartition("/")[0])
        text = _PATTERN.format(named, shlex.quote(str(above)), shlex.quote(named.name))
    return BlobNotFound(text, bucket=named.bucket, key=named.key)


class _Removed(AbstractDeleteProgress):
    """Counts what went."""

    def __init__(self) -> None:
        self.blobs = 0
        self.revisions = 0

    def delete(self, data: StorageProgressDelete) -> None:
        self.blobs += 1

    def fields(self) -> dict[str, int]:
        return {"removed": self.blobs, "revisions": self.revisions}

    def sentence(self) -> str:
        text = f"removed {human.plural(self.blobs, 'blob')}"
        gone = f" with {human.plural(self.revisions, 'revision')}, for good"
        return text + (gone if self.revisions else "")


async def _remove(client: Client, named: Blob, recursive: bool, removed: _Removed) -> None:
    try:
        await client.buckets.blob_rm(str(named), recursive=recursive, progress=removed)
    except IsADirectory as error:
        raise IsADirectory(_DIRECTORY.format(named), key=named.key) from error


async def _remove_for_good(client: Client, named: Blob, recursive: bool, removed: _Removed) -> None:
    for key in await _keys(client, named, recursive):
        gone = await client.buckets.delete_all_revisions(named.bucket, key, **named.whose)
        removed.revisions += gone
        removed.blobs += 1


async def _keys(client: Client, named: Blob, recursive: bool) -> list[str]:
    if not named.names_directory or not recursive:
        if not await client.buckets.blob_is_dir(str(named)):
            return [named.key]
        if await _has_revisions(client, named):
            return [named.key]
        if not recursive:
            raise IsADirectory(_DIRECTORY.format(named), key=named.key)
    below = str(named.as_directory())
    async with client.buckets.list_blobs(below, recursive=True, limit=None) as entries:
        found = [entry.key async for entry in entries]
    if not found and named.key:
        raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)
    return found


async def _has_revisions(client: Client, named: Blob) -> bool:
    async with client.buckets.revisions(str(named)) as revisions:
        async for _ in revisions:
            return True
    return False
