"""What was measured, as a Markdown table of ratios."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("figure", "ours", "peer", "against", "ratio", "target", "met")
RULE = ("---", "--:", "--:", "---", "--:", "---", "---")


@dataclass(frozen=True, slots=True)
class Figure:
    """One of our numbers beside a peer's; the ratio is ours by theirs.

    Without `at_least` and `at_most` it is there for information.
    """

    name: str
    unit: str
    ours: float
    peer: float
    against: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        low = self.at_least is None or self.ratio >= self.at_least
        return low and (self.at_most is None or self.ratio <= self.at_most)

    @property
    def cells(self) -> tuple[str, ...]:
        ours, peer = (f"{shown(number)} {self.unit}" for number in (self.ours, self.peer))
        target, met = self._target(), ("yes" if self.met else "**no**")
        known = (self.name, ours, peer, self.against, f"{self.ratio:.2f}")
        return (*known, target, met if target else "")

    def _target(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class NotRun:
    """A figure that could not be measured here, and why."""

    name: str
    against: str
    why: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, "", "", self.against, "", "", f"not run: {self.why}")


Line = Figure | NotRun


def shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def heading() -> str:
    return f"{_row(HEAD)}\n{_row(RULE)}"


def rows(lines: Iterable[Line]) -> str:
    return "\n".join(_row(line.cells) for line in lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
