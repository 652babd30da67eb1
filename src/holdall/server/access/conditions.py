"""The `Condition` element of a statement: what else must be so for it to count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from holdall.server.access.condition_keys import is_known
from holdall.server.access.context import Context, normalised
from holdall.server.access.documents import malformed, scalars
from holdall.server.access.operators import OPERATORS, Operator, is_truth
from holdall.server.access.templates import Template, template

Quantifier = Literal["ForAllValues", "ForAnyValue"]

_OPERATOR: Final = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_VALUE: Final = "Policy has an invalid condition value"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator on one key; it holds if the key is as any of the values say."""

    name: str
    operator: Operator
    key: str
    wanted: tuple[Template, ...]
    quantifier: Quantifier | None = None
    if_exists: bool = False

    def holds(self, context: Context) -> bool:
        values = context.values(self.key)
        if not values:
            return self._holds_without_value()
        wanted = [text for each in self.wanted if (text := each.fill(context)) is not None]
        matching = (self.operator.test(value, wanted) for value in values)
        return self._quantified(matching)

    def _holds_without_value(self) -> bool:
        """What is not there differs from everything, and all of none are as they should be."""
        if self.if_exists or self.quantifier == "ForAllValues":
            return True
        return self.operator.negated and self.quantifier is None

    def _quantified(self, matching: Iterator[bool]) -> bool:
        negated = self.operator.negated
        if self.quantifier is None:
            return any(matching) != negated
        each = (found != negated for found in matching)
        return all(each) if self.quantifier == "ForAllValues" else any(each)


@dataclass(frozen=True, slots=True)
class Presence:
    """`Null`: the key has no value (`absent`), or it has one."""

    key: str
    absent: frozenset[bool]

    def holds(self, context: Context) -> bool:
        return (not context.values(self.key)) in self.absent


Condition = Comparison | Presence


def parse(found: object, *, variables: bool) -> tuple[Condition, ...]:
    """All the conditions of a `Condition` element. `MalformedPolicy`."""
    if not isinstance(found, dict):
        raise malformed("Invalid policy syntax.")
    return tuple(
        _condition(name, key, wanted, variables)
        for name, block in found.items()
        for key, wanted in _block(block)
    )


def _block(found: object) -> Iterator[tuple[str, object]]:
    if not isinstance(found, dict) or not found:
        raise malformed("Invalid policy syntax.")
    yield from found.items()


def _condition(name: str, key: str, found: object, variables: bool) -> Condition:
    match = _OPERATOR.fullmatch(name)
    if match is None or (match[2] not in OPERATORS and name != "Null"):
        raise malformed(f"Invalid Condition type : {name.encode(errors='replace').decode()}")
    key = normalised(key)
    if not is_known(key):
        raise malformed("Policy has an invalid condition key")
    wanted = scalars(found, _VALUE)
    if name == "Null":
        return _presence(key, wanted)
    return _comparison(match, key, wanted, variables)


def _presence(key: str, wanted: tuple[str, ...]) -> Presence:
    if not all(map(is_truth, wanted)):
        raise malformed(_VALUE)
    return Presence(key, frozenset(each.lower() == "true" for each in wanted))


def _comparison(
    match: re.Match[str], key: str, wanted: tuple[str, ...], variables: bool
) -> Comparison:
    operator = OPERATORS[match[2]]
    templates = tuple(
        template(each, variables=variables, wildcards=operator.wildcards) for each in wanted
    )
    if not all(each.has_variables or operator.valid(each.text) for each in templates):
        raise malformed(_VALUE)
    return Comparison(
        name=match[2],
        operator=operator,
        key=key,
        wanted=templates,
        quantifier=match[1],  # type: ignore[arg-type]
        if_exists=bool(match[3]),
    )
