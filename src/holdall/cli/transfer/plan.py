"""Where each source of `cp` and `mv` goes. Pure: what is there was looked up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdall.cli.places import Blob, Local, Place, Standard
from holdall.client.targets import why_unsafe
from holdall.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Source:
    """A source and whether it is a directory, local or in a bucket."""

    place: Place
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The last argument; `is_directory` if one is there. `exact`: take it as it is written.

    `several`: more than one source was asked for, however many of them are there.
    """

    place: Place
    is_directory: bool = False
    exact: bool = False
    several: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One file, blob, directory or stream, and its whole target."""

    source: Place
    target: Place
    is_directory: bool = False


def plan(sources: Sequence[Source], target: Target) -> list[Job]:
    """Decide where everything goes; `InvalidArgument` for what cannot be meant.

    Sources go *into* the target when it is a directory that is there, when it ends with a
    slash, and when there are several of them; else the one source *becomes* the target.
    """
    into = _goes_into(target)
    jobs = [_job(source, target.place, into) for source in sources]
    for job in jobs:
        _check(job)
    _check_collisions(jobs)
    return jobs


def becomes(jobs: Sequence[Job], target: Place) -> bool:
    """Whether one directory became the target: now that it is there, the same arguments would
    put another one into it."""
    if len(jobs) != 1 or not jobs[0].is_directory or isinstance(target, Standard):
        return False
    return jobs[0].target == (target.as_directory() if isinstance(target, Blob) else target)


def _goes_into(target: Target) -> bool:
    if target.several and target.exact:
        raise InvalidArgument("--no-target-directory allows one source only")
    if isinstance(target.place, Standard):
        return False
    if isinstance(target.place, Local) and target.place.is_stream:
        return False
    is_directory = target.is_directory or target.place.names_directory
    return target.several or (is_directory and not target.exact)


def _job(source: Source, target: Place, into: bool) -> Job:
    if into and not isinstance(target, Standard):
        target = _inside(source, target)
    if source.is_directory and isinstance(target, Blob):
        target = target.as_directory()
    return Job(source.place, target, source.is_directory)


def _inside(source: Source, target: Blob | Local) -> Blob | Local:
    name = "" if isinstance(source.place, Standard) else source.place.name
    if not name:
        return _nameless(source, target)
    if isinstance(target, Local) and (reason := why_unsafe(name, first=True)):
        raise InvalidArgument(f"{source.place} cannot become a file in {target}: {reason}")
    return target.child(name)


def _nameless(source: Source, target: Blob | Local) -> Blob | Local:
    """`.` and `..` mean the contents of that directory, as they do to cp(1)."""
    if source.is_directory and isinstance(source.place, Local):
        return target
    raise InvalidArgument(f"{source.place} has no name to be given in {target}; write one there")


def _check(job: Job) -> None:
    source, target = job.source, job.target
    if not isinstance(source, Blob) and not isinstance(target, Blob):
        raise InvalidArgument(f"neither {source} nor {target} is a blob: URI; use cp(1)")
    if job.is_directory and _is_stream(target):
        raise InvalidArgument(f"{source} is a directory and cannot be written to {target}")
    if isinstance(target, Blob) and not target.key and not job.is_directory:
        raise InvalidArgument(f"{target} names a bucket; write blob:{target.bucket}/KEY")
    if isinstance(source, Blob) and isinstance(target, Blob):
        _check_overlap(source, target, job.is_directory)


def _is_stream(place: Place) -> bool:
    return isinstance(place, Standard) or (isinstance(place, Local) and place.is_stream)


def _check_overlap(source: Blob, target: Blob, is_directory: bool) -> None:
    if (source.bucket, source.uri.owner) != (target.bucket, target.uri.owner):
        return
    if source.key == target.key:
        raise InvalidArgument(f"{source} and {target} are the same")
    # Else the listing of the source would go on to find what was just put into it.
    if is_directory and target.as_directory().key.startswith(_prefix(source)):
        raise InvalidArgument(f"{target} is inside {source}")


def _prefix(source: Blob) -> str:
    return source.as_directory().key


def _check_collisions(jobs: Sequence[Job]) -> None:
    seen: dict[Place, Place] = {}
    for job in jobs:
        if isinstance(job.target, Standard):
            continue
        other = seen.setdefault(job.target, job.source)
        if other is not job.source:
            raise InvalidArgument(f"{other} and {job.source} would both become {job.target}")
