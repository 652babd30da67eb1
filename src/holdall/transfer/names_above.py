"""Remembering names while a sorted listing goes by, for as long as they can matter."""

from __future__ import annotations


class NamesAbove:
    """Names that the present one begins with; the others are behind it and forgotten.

    In byte order all that begins with a name stands together, so a stack is enough.
    """

    def __init__(self) -> None:
        self._names: list[str] = []

    def add(self, name: str) -> None:
        self._pass_to(name)
        self._names.append(name)

    def folder_of(self, relative: str) -> str | None:
        """A name that `relative` is below; None where there is none."""
        self._pass_to(relative)
        return next((name for name in self._names if _is_below(relative, name)), None)

    def holds(self, name: str, *, at: str) -> bool:
        """Whether this very name was added; `at` is the present one, which begins with it."""
        self._pass_to(at)
        return name in self._names

    def _pass_to(self, relative: str) -> None:
        while self._names and not relative.startswith(self._names[-1]):
            self._names.pop()


def _is_below(relative: str, name: str) -> bool:
    if not name:  # the root
        return True
    return relative.startswith(name if name.endswith("/") else f"{name}/")
