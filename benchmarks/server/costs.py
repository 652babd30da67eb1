"""Figures of servers: beside each rate what a request took, of its client's time and of the
processor's."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median as middle

from benchmarks.table import Figure, shown


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, in milliseconds: the client's wait, and the server's processor time."""

    median: float
    slow: float
    cpu: float

    def __str__(self) -> str:
        return f"{shown(self.median)} / {shown(self.slow)} ms, CPU {shown(self.cpu)} ms"


def typical(costs: list[Cost]) -> Cost:
    """The median of each, over several rounds."""
    return Cost(
        middle(each.median for each in costs),
        middle(each.slow for each in costs),
        middle(each.cpu for each in costs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served(Figure):
    """A rate of ours beside a peer's, with what a request cost."""

    ours_cost: Cost
    peer_cost: Cost

    @property
    def cells(self) -> tuple[str, ...]:
        name, ours, peer, *rest = Figure.cells.__get__(self)  # super() fails in a class with slots
        return (name, f"{ours}; {self.ours_cost}", f"{peer}; {self.peer_cost}", *rest)
