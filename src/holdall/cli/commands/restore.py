"""`holdall restore`: make an old revision of a blob, or of all below a name, the newest one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from holdall.cli.completing import uris
from holdall.cli.fields import blob_fields
from holdall.cli.options import At, Json, Store, moment
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob, blob_with_key
from holdall.cli.revisions import revision_ref
from holdall.cli.running import run
from holdall.cli.transfer.options import DryRun, Exclude, Include, filters_of
from holdall.cli.transfer.past import found_at
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.state import transfers_of
from holdall.cli.transfer.stepping import teller
from holdall.cli.transfer.tally import Tally
from holdall.cli.transfer.watching import watched
from holdall.client.client import Client
from holdall.client.filtering import Filters
from holdall.client.values.entry import BlobObject
from holdall.core.errors import BlobNotFound
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers

# `-2` is a revision here and not an option.
SETTINGS: Final[dict[str, Any]] = {"ignore_unknown_options": True}


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    revision: Annotated[
        str | None, typer.Argument(metavar="[REVISION]", show_default=False)
    ] = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="All below URI; needs --at.")
    ] = False,
    at: At = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="With -r: remove what was made since.")
    ] = False,
    dry_run: DryRun = False,
    exclude: Exclude = None,
    include: Include = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Make an old revision of a blob the newest one.

    REVISION is a number (0 the original, -1 the newest, -2 the one before it) or a version
    id; see versions. --at TIME is the one that was the newest then. With -r all below URI is
    made as it was then: what was deleted or changed since comes back, what was made since is
    kept unless --delete. Each step is printed; --dry-run prints the same steps and does none.
    Nothing is lost: the revisions in between stay, and a later restore goes back to them.

    Exit codes: 0 restored; 1 the store or a part of it failed, the rest was done; 2 wrong
    usage; 3 no such blob or revision, or nothing was there then.
    """
    is_for_trees = delete or dry_run or bool(exclude) or bool(include)
    _demand_usage(recursive, revision, at, is_for_trees=is_for_trees)
    then = moment(at)

    async def work(client: Client, output: Output) -> None:
        if then is None or not recursive:
            await restore(client, output, uri, revision, then)
            return
        below = Below(transfers_of(client, store), output, store)
        filters = filters_of(exclude, include, "")
        await below.restore(blob(uri), then, filters, delete=delete, dry_run=dry_run)

    run(work, store=store, json=json)


def _demand_usage(
    recursive: bool, revision: str | None, at: str | None, *, is_for_trees: bool
) -> None:
    if recursive and (at is None or revision is not None):
        raise typer.BadParameter("-r takes --at TIME, and no REVISION")
    if not recursive and is_for_trees:
        raise typer.BadParameter("--delete, --dry-run, --exclude and --include go with -r")
    if not recursive and (revision is None) is (at is None):
        raise typer.BadParameter("either REVISION or --at TIME says what to restore")


async def restore(
    client: Client, output: Output, text: str, revision: str | None, at: datetime | None
) -> None:
    named = blob_with_key(text)
    chosen, shown = await _chosen(client, named, revision, at)
    restored = await client.buckets.restore(str(named), chosen)
    line = f"{named} is as revision {shown} was; this is revision {restored.revision}"
    output.result(blob_fields(restored), line)


async def _chosen(
    client: Client, named: Blob, revision: str | None, at: datetime | None
) -> tuple[int | str, int | str]:
    """The revision, and its name for people: one that means the same when there is a newer."""
    ref = revision_ref(revision)
    if ref is None:
        found = await _demand_at(client, named, at)
    elif isinstance(ref, str) or ref >= 0:
        return ref, ref
    else:
        found = await client.buckets.head_blob(named.bucket, named.key, **named.whose, revision=ref)
    return found.version, found.version if found.revision < 0 else found.revision


async def _demand_at(client: Client, named: Blob, at: datetime | None) -> BlobObject:
    found = await found_at(client, named, at)
    if found is None:
        raise BlobNotFound(f"there was no {named} then; -r is for directories", key=named.key)
    return found


class Below:
    """A restore of all below a name, as the command shows it."""

    def __init__(self, transfers: Transfers, output: Output, store: str) -> None:
        self._transfers = transfers
        self._output = output
        self._resuming = Resuming(transfers, store)
        self._tell = teller(output)
        self._counts: Counter[Verb] = Counter()

    async def restore(
        self, named: Blob, at: datetime, filters: Filters, *, delete: bool, dry_run: bool
    ) -> None:
        async def work(tally: Tally) -> None:
            await self._transfers.restore(
                str(named),
                at=at,
                delete=delete,
                dry_run=dry_run,
                filters=filters,
                progress=tally,
                told=self._told,
            )

        again = "the same command does the rest"
        tally = await watched(
            self._output, work, verb="restored", resuming=self._resuming, resume=again
        )
        if not dry_run:
            self._sum_up(tally)

    def _told(self, step: Step) -> None:
        self._counts[step.verb] += 1
        self._tell(step)

    def _sum_up(self, tally: Tally) -> None:
        kept = self._counts[Verb.KEEP]
        more = f"; {kept:,} made since kept" if kept else ""
        self._output.result(tally.fields() | {"kept": kept}, tally.sentence("restored") + more)
