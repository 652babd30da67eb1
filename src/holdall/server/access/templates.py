"""Texts of a policy with policy variables in them, such as `home/${aws:username}/*`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from holdall.server.access.context import Context, normalised
from holdall.server.access.wildcards import STAR, pattern

_VARIABLE: Final = re.compile(r"\$\{([^${}]*|\$)\}")
_NAMED: Final = re.compile(r"\s*([^\s,]+)\s*(?:,\s*'([^']*)'\s*)?")


class Variable(NamedTuple):
    """`${key}` or `${key, 'default'}`."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        found = context.one(self.key)
        return self.default if found is None else found


@dataclass(frozen=True, slots=True)
class Template:
    """A text as the policy has it, and the parts that make what is compared.

    Parts hold the marks of `wildcards` where the text is a pattern.
    """

    text: str
    parts: tuple[str | Variable, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether it means one value, whoever asks and for whatever."""
        return not re.search(r"[*?]|\$\{", self.text)

    @property
    def has_variables(self) -> bool:
        return any(isinstance(part, Variable) for part in self.parts)

    def fill(self, context: Context) -> str | None:
        """None where a variable has no value in this request."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        filled = [part if isinstance(part, str) else part.value(context) for part in self.parts]
        return None if None in filled else "".join(part or "" for part in filled)

    def widest(self) -> str:
        """The pattern of everything that it could become."""
        return "".join(part if isinstance(part, str) else STAR for part in self.parts)


def template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """Read a text. `${*}`, `${?}` and `${$}` are those characters and no wildcards.

    Policies of version 2008-10-17 know no variables (IAM, "Policy variables").
    """
    return Template(text, tuple(_parts(text, variables, wildcards)))


def _parts(text: str, variables: bool, wildcards: bool) -> Iterator[str | Variable]:
    plain = pattern if wildcards else str
    at = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        part = _read(match[1])
        if part is not None:
            yield plain(text[at : match.start()])
            yield part
            at = match.end()
    yield plain(text[at:])


def _read(inside: str) -> str | Variable | None:
    if inside in ("*", "?", "$"):
        return inside
    named = _NAMED.fullmatch(inside)
    return named and Variable(normalised(named[1]), named[2])
