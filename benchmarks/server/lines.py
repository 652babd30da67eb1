"""The lines of the table, as works: what is done, how much of it, and what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

from benchmarks.measure import TASKS
from benchmarks.scale import MIB, Scale
from benchmarks.server.jobs import KEYS_A_PAGE, PART, Job

SMALL = 4096
PARTS_AT_ONCE = 4
BUCKET, LISTED = "bench", "bench-listed"
FRESH = 10**9
"""Numbers from here on are keys that were never written before."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of everything. At full scale they are those of the targets, at another in proportion."""

    small: int
    upload: int
    listed: int
    deleted: int


def amounts(scale: Scale) -> Amounts:
    return Amounts(
        small=scale.small,
        upload=scale.large // 4,
        listed=scale.small * 25,
        deleted=scale.small * 5 // 2,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One work, done in rounds. `job` is told how many times less it is to do; `amount` is
    what a job does, in units. `prepare` makes the job that is done before, which does not
    count; `once` is what must be there at all."""

    name: str
    unit: str
    job: Callable[[int], Job]
    amount: Callable[[Job], float]
    at_least: float
    once: Callable[[int], Job] | None = None
    prepare: Callable[[Job], Job] | None = None


def compared(scale: Scale) -> list[Line]:
    """What is measured beside other servers."""
    wanted, fresh = amounts(scale), _fresh()

    def fill(share: int) -> Job:
        return Job("put", BUCKET, list(range(wanted.small // share)), SMALL, TASKS)

    return [
        _put(wanted, fresh),
        _reading("get", wanted, SMALL, fill),
        _reading("head", wanted, SMALL),
        *_large(wanted),
        _listing(LISTED, wanted.listed, lambda share: _listed(wanted.listed // share)),
        _deletion(wanted, fresh),
    ]


def crowded(scale: Scale, size: int) -> list[Line]:
    """What is measured in a bucket where `scale.few_keys` keys or more are there beforehand,
    of `size` bytes; what adds keys comes last."""
    wanted, fresh = amounts(scale), _fresh()
    return [
        _reading("get", wanted, size),
        _reading("head", wanted, size),
        _listing(BUCKET, scale.few_keys),
        *_large(wanted),
        _deletion(wanted, fresh),
        _put(wanted, fresh),
    ]


Fresh = Callable[[int], list[int]]


def _fresh() -> Fresh:
    numbers = count(FRESH)
    return lambda amount: [next(numbers) for _ in range(amount)]


def _put(wanted: Amounts, fresh: Fresh) -> Line:
    def job(share: int) -> Job:
        return Job("put", BUCKET, fresh(wanted.small // share), SMALL, TASKS)

    return Line(f"PUT of {_shown(SMALL)}, {TASKS} at once", "/s", job, _count, 2)


def _reading(
    work: str, wanted: Amounts, size: int, fill: Callable[[int], Job] | None = None
) -> Line:
    def job(share: int) -> Job:
        return Job(work, BUCKET, list(range(wanted.small // share)), size, TASKS)

    return Line(f"{work.upper()} of {_shown(size)}, {TASKS} at once", "/s", job, _count, 2, fill)


def _large(wanted: Amounts) -> Iterator[Line]:
    how = f"of {_shown(wanted.upload)}, parts of {_shown(PART)}, {PARTS_AT_ONCE} at once"
    for verb, work in (("multipart PUT", "upload"), ("GET", "download")):
        job = Job(work, BUCKET, [], wanted.upload, PARTS_AT_ONCE)
        yield Line(f"{verb} {how}", "MiB/s", partial(_same, job), _mib, 3)


def _same(job: Job, share: int) -> Job:
    return job


def _listed(keys: int) -> Job:
    return Job("put", LISTED, list(range(keys)), 1, TASKS)


def _listing(bucket: str, keys: int, fill: Callable[[int], Job] | None = None) -> Line:
    def job(share: int) -> Job:
        return Job("list_all", bucket, size=keys // share)

    name = f"list {keys:,} keys, {KEYS_A_PAGE:,} a page"
    return Line(name, "keys/s", job, lambda done: done.size, 2, fill)


def _deletion(wanted: Amounts, fresh: Fresh) -> Line:
    def job(share: int) -> Job:
        return Job("delete", BUCKET, fresh(wanted.deleted // share))

    def put(deletion: Job) -> Job:
        return Job("put", BUCKET, deletion.numbers, SMALL, TASKS)

    name = f"delete {wanted.deleted:,} keys of {_shown(SMALL)}, {KEYS_A_PAGE:,} a request"
    return Line(name, "keys/s", job, _count, 2, prepare=put)


def _count(job: Job) -> float:
    return len(job.numbers)


def _mib(job: Job) -> float:
    return job.size / MIB


def _shown(size: int) -> str:
    units = ((MIB, "MiB"), (1024, "KiB"))
    return next((f"{size // unit} {name}" for unit, name in units if size >= unit), f"{size} bytes")
