"""`holdall rm`: remove blobs."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob, blob_with_key
from holdall.cli.running import run
from holdall.client.client import Client
from holdall.client.progress import AbstractDeleteProgress, StorageProgressDelete
from holdall.core.errors import HoldallError, IsADirectory

_DIRECTORY: Final = "{} is a directory; -r removes all below it"


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
    read = blob if recursive else blob_with_key
    for named in [read(text) for text in texts]:
        try:
            await remove(client, named, recursive, removed)
        except HoldallError as error:
            output.fail(error)
    if removed.blobs or output.as_json:
        output.result(removed.fields(), removed.sentence())


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
        return [entry.key async for entry in entries]


async def _has_revisions(client: Client, named: Blob) -> bool:
    async with client.buckets.revisions(str(named)) as revisions:
        async for _ in revisions:
            return True
    return False
