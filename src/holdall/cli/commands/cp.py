"""`holdall cp`: copy files and blobs."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.running import run
from holdall.cli.transfer.copying import Copier, Manner
from holdall.cli.transfer.looking import Looking, jobs_of
from holdall.cli.transfer.plan import Job
from holdall.cli.transfer.session import session
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client

_RESUME: Final = "the same command with -u goes on from there"


def command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TARGET", show_default=False)],
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

    A file that fails is reported and the rest goes on; each target is whole or as it was.
    After Ctrl-C the same command with -u goes on.

    Exit codes: 0 all copied; 1 something failed; 2 wrong usage; 3 a source is not there;
    130 stopped by Ctrl-C.
    """
    run(
        lambda client, output: cp(
            client,
            output,
            sources,
            target,
            looking=Looking(recursive, globbing, exact),
            manner=Manner(update, continue_),
        ),
        store=store,
        json=json,
    )


async def cp(
    client: Client,
    output: Output,
    sources: list[str],
    target: str,
    *,
    looking: Looking,
    manner: Manner,
) -> None:
    jobs = await jobs_of(client, output, sources, target, looking)

    async def copy(tally: Tally, job: Job) -> None:
        await Copier(client, tally, manner).run(job)

    await session(client, output, jobs, copy, verb="copied", resume=_RESUME)
