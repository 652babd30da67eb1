"""What the client is told to do and what it found, as lines of JSON between two processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Final

from benchmarks.scale import MIB
from holdall.s3.signing import Credentials

KEYS_A_PAGE: Final = 1000
PREFIXES: Final = 10
PART: Final = 8 * MIB
LARGE: Final = "large"
"""The key of the one large object."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers, and what its client signs with."""

    host: str
    port: int
    credentials: Credentials
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work in one bucket.

    `numbers` stand for keys (`key_of`), in the order in which they are asked for; `size` is
    in bytes, `tasks` how many requests are under way at once. With `check` every byte that
    comes back is compared, which costs the client time: for rounds that do not count.
    """

    work: str
    bucket: str
    numbers: list[int] = field(default_factory=list)
    size: int = 0
    tasks: int = 1
    check: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` for all the requests together; `median` and `slow` (the 99th percentile) are
    milliseconds of one of them."""

    seconds: float
    requests: int
    median: float
    slow: float


def key_of(number: int) -> str:
    """Numbers in a row make keys in no order, as many under each of ten prefixes."""
    scattered = number * 0x9E3779B97F4A7C15 % 2**64  # odd, so no two numbers make the same key
    return f"p{number % PREFIXES}/{scattered:016x}"


def order(address: Address, job: Job) -> bytes:
    return _line({"address": asdict(address), "job": asdict(job)})


def read_order(line: bytes) -> tuple[Address, Job]:
    found = json.loads(line)
    credentials = Credentials(**found["address"].pop("credentials"))
    return Address(credentials=credentials, **found["address"]), Job(**found["job"])


def result(run: Run) -> bytes:
    return _line(asdict(run))


def read_result(line: bytes) -> Run:
    return Run(**json.loads(line))


def _line(fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"
