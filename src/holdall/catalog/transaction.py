"""What a unit of work is given, and what runs one.

A unit of work is a plain function of a `Transaction`: it may run more than once (a batch
that failed is taken apart, a serialization failure is retried), so it changes nothing but
the catalog and returns what it found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from holdall.core.values import Usage

T = TypeVar("T")

Params = Sequence[Any]
Row = tuple[Any, ...]


class Tick(NamedTuple):
    """A moment in the order of commits. `time` is microseconds since 1970 UTC, and never
    smaller than that of an earlier `seq`, whatever the clock did."""

    seq: int
    time: int


class Reads(Protocol):
    """A consistent view. SQL is the portable subset, parameters are `?`."""

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or None."""

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""


class Transaction(Reads, Protocol):
    """The one writer's view: nobody else changes the catalog meanwhile."""

    def run(self, sql: str, params: Params = ()) -> int:
        """Execute a statement; how many rows it changed."""

    def tick(self) -> Tick:
        """The next moment. Also the source of every number that is never used twice."""

    def count(self, bucket: int, delta: Usage) -> None:
        """Add to a bucket's usage; written once for each transaction."""

    def log(self, event: Params) -> None:
        """Add a row to the events; written once for each transaction."""


Unit = Callable[[Transaction], T]
Query = Callable[[Reads], T]


class Catalog(Protocol):
    """The SQL tables that say which names have which revisions."""

    async def write(self, unit: Unit[T], *, essential: bool = False) -> T:
        """Run a unit and commit it; returns after the COMMIT is durable, never before.

        What the unit raises passes through, and nothing of it is kept. `Busy` when too
        many units wait, `StorageFull`, `OutcomeUnknown`. A caller that is cancelled while
        its unit is waiting takes it back; one whose unit has begun learns of the
        cancellation only when the unit is over. An `essential` unit frees space: it may
        use what is held back for a full disk.
        """

    async def read(self, query: Query[T], *, single: bool = False) -> T:
        """Run a short query in one consistent view of what is committed. A `single` statement
        is such a view by itself, and costs half as much when that is said."""

    async def scan(self, query: Query[T]) -> T:
        """Run a query that may take longer, away from the event loop."""

    async def maintain(self) -> None:
        """Give back what deletions freed, refill what is held back. Now and then."""

    async def integrity(self) -> list[str]:
        """What the database's own check finds wrong; empty when nothing is."""

    async def aclose(self) -> None: ...
