"""Which files a transfer leaves out: patterns in git's manner, given and found in ignore files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.core.errors import InvalidArgument

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Filters:
    """Decides by path below the root, a folder's ending in `/` (gitignore(5)).

    `exclude` and `include` are patterns, and have the last word over ignore files: what
    matches an `include` stays, unless a folder that it is in is excluded. Files named in
    `ignore_files` hold patterns for the folder that they are in, and all below.
    """

    def __init__(
        self,
        exclude: Iterable[str] = (),
        include: Iterable[str] = (),
        *,
        ignore_files: AbstractSet[str] = frozenset(),
    ) -> None:
        given = [*exclude, *(f"!{pattern}" for pattern in include)]
        self._given = _spec(given) if given else None
        self._ignore_files = ignore_files
        self._found: dict[str, GitIgnoreSpec] = {}
        self._folders: dict[str, bool] = {}

    def learn(self, folder: Path, relative: str, names: Iterable[str]) -> None:
        """Read the ignore files among a folder's `names`. Blocks; raises OSError."""
        wanted = [name for name in names if name in self._ignore_files]
        lines = [line for name in wanted for line in _lines_of(folder / name)]
        if lines:
            self._found[relative] = _spec(lines)
            self._folders.clear()  # what was decided without them

    def wants(self, relative: str) -> bool:
        """Whether this path is transferred."""
        if self._given is None and not self._found:
            return True
        folders_wanted = all(self._wants_folder(folder) for folder in _folders_above(relative))
        return folders_wanted and not self._is_excluded(relative)

    def _wants_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = not self._is_excluded(folder)
        return self._folders[folder]

    def _is_excluded(self, relative: str) -> bool:
        verdict = None
        for base in ("", *_folders_above(relative)):
            if base in self._found:
                verdict = _last(verdict, self._found[base], relative.removeprefix(base))
        return bool(verdict if self._given is None else _last(verdict, self._given, relative))


def _last(verdict: bool | None, spec: GitIgnoreSpec, relative: str) -> bool | None:
    found = spec.check_file(relative).include
    return verdict if found is None else found


def _folders_above(relative: str) -> Iterator[str]:
    at = relative.find("/")
    while 0 <= at < len(relative) - 1:
        yield relative[: at + 1]
        at = relative.find("/", at + 1)


def _lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8", errors="replace").splitlines()


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # most transfers have no patterns, and start without it

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise InvalidArgument(f"a pattern cannot be read: {error}") from error
