"""`holdall cp`: copy files and blobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from holdall.cli.completing import places
from holdall.cli.options import At, Json, Store, moment
from holdall.cli.output import Output
from holdall.cli.places import Place, place
from holdall.cli.running import run
from holdall.cli.transfer.copying import Copier, Manner, is_stream
from holdall.cli.transfer.looking import Looking, jobs_of
from holdall.cli.transfer.options import (
    Checksum,
    DryRun,
    Exclude,
    ExcludeFromFiles,
    Include,
    Rate,
    filters_of,
    limits_of,
)
from holdall.cli.transfer.plan import Job, becomes
from holdall.cli.transfer.resuming import Resuming
from holdall.cli.transfer.session import session
from holdall.cli.transfer.state import transfers_of
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client
from holdall.client.filtering import Filters

_RESUME: Final = (
    "the same command with {} goes on from there, 'holdall transfers resume' with the large files"
)
_NO_RESUME: Final = "a stream has to be begun again"


def command(
    ends: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE... TARGET", show_default=False, autocompletion=places),
    ],
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Directories with everything below.")
    ] = False,
    update: Annotated[
        bool, typer.Option("-u", "--update", help="Only what is newer than its target.")
    ] = False,
    continue_: Annotated[
        bool,
        typer.Option(
            "--continue", help="Append to a file that is the beginning of the blob and not older."
        ),
    ] = False,
    globbing: Annotated[
        bool, typer.Option("--glob", help="Sources are patterns with *, ?, [...] and **.")
    ] = False,
    exact: Annotated[
        bool,
        typer.Option("-T", "--no-target-directory", help="TARGET is the name, never a directory."),
    ] = False,
    folder: Annotated[
        str | None,
        typer.Option(
            "-t", "--target-directory", metavar="DIR", help="All go into DIR; there is no TARGET."
        ),
    ] = None,
    checksum: Checksum = False,
    dry_run: DryRun = False,
    exclude: Exclude = None,
    include: Include = None,
    exclude_from_files: ExcludeFromFiles = "",
    at: At = None,
    rate: Rate = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Copy files and blobs.

    From local to blob:BUCKET/KEY, back, or between blobs, where no bytes move; - is standard
    input or output, and pipes and devices are read and written where they stand.

    A source goes into TARGET, under its own name, if TARGET ends with a slash, is a
    directory that is there or a bucket, or if there are several sources or --glob; else,
    and with -T, it becomes TARGET. So "cp -r dir blob:b/x" makes blob:b/x/dir/... if
    anything is below blob:b/x/, and blob:b/x/... if nothing is; "cp -r . blob:b/x" always
    puts the contents into x. A slash at a source's end changes nothing, save where there
    are both a blob foo and blobs foo/...: foo is the blob and foo/ the directory.

    A file that fails is reported and the rest goes on; each target is whole or as it was. What
    arrived of a large file is kept, and the command that finishes it is printed.
    After Ctrl-C the same command with -u goes on, and with -T where the directory became TARGET;
    a file of 16 MiB or more goes on where it was, by the same command or by "holdall transfers
    resume". --exclude and --include go by paths below a directory, and by the names of files
    that are named themselves.

    Exit codes: 0 all copied; 1 something failed; 2 wrong usage; 3 a source is not there;
    130 stopped by Ctrl-C.
    """
    sources, target = _ends(ends, folder)

    async def cp(client: Client, output: Output) -> None:
        manner = Manner(
            update,
            continue_,
            checksum,
            dry_run,
            moment(at),
            _filters(exclude, include, exclude_from_files),
        )
        looking = Looking(recursive, globbing, exact, manner.at)
        transfers = transfers_of(client, store, limits=limits_of(rate))
        jobs = await jobs_of(client, output, sources, target, looking)

        async def copy(tally: Tally, job: Job) -> None:
            await Copier(transfers, client, output, tally, manner).run(job)

        resume = _resume(jobs, place(target))
        await session(
            client,
            output,
            jobs,
            copy,
            verb="copied",
            resume=resume,
            resuming=Resuming(transfers, store),
            is_told=not dry_run,
        )

    run(cp, store=store, json=json)


def _ends(places: list[str], folder: str | None) -> tuple[list[str], str]:
    """The sources and the target, which with -t is a directory whatever is there."""
    if folder is not None:
        return places, folder if folder.endswith("/") else f"{folder}/"
    if len(places) < 2:
        raise typer.BadParameter("Missing argument 'TARGET'.")
    return places[:-1], places[-1]


def _resume(jobs: Sequence[Job], target: Place) -> str:
    if any(is_stream(job.source) or is_stream(job.target) for job in jobs):
        return _NO_RESUME
    return _RESUME.format("-u -T" if becomes(jobs, target) else "-u")


def _filters(exclude: list[str] | None, include: list[str] | None, names: str) -> Filters | None:
    return filters_of(exclude, include, names) if exclude or include or names else None
