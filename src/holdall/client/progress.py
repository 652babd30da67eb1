"""What a transfer reports, and to whom: event values and the interfaces they are sent to.

An exception that a callback raises stops the transfer; what was under way is undone.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True, slots=True)
class StorageProgressStart:
    """A file begins. `size` is in bytes."""

    src: URL
    dst: URL
    size: int


@dataclass(frozen=True, slots=True)
class StorageProgressStep:
    """`current` of `size` bytes have passed."""

    src: URL
    dst: URL
    current: int
    size: int


@dataclass(frozen=True, slots=True)
class StorageProgressComplete:
    """A file is whole at its destination."""

    src: URL
    dst: URL
    size: int


@dataclass(frozen=True, slots=True)
class StorageProgressSkip:
    """A file or directory was left alone on purpose; `reason` says why, for people."""

    src: URL
    dst: URL
    reason: str


@dataclass(frozen=True, slots=True)
class StorageProgressEnterDir:
    """A directory begins."""

    src: URL
    dst: URL


@dataclass(frozen=True, slots=True)
class StorageProgressLeaveDir:
    """Everything in a directory was dealt with."""

    src: URL
    dst: URL


@dataclass(frozen=True, slots=True)
class StorageProgressFail:
    """A file or directory could not be transferred; the others go on."""

    src: URL
    dst: URL
    message: str


@dataclass(frozen=True, slots=True)
class StorageProgressDelete:
    """A blob was removed."""

    uri: URL
    is_dir: bool


class AbstractFileProgress(abc.ABC):
    """Hears of one file."""

    @abc.abstractmethod
    def start(self, data: StorageProgressStart) -> None: ...

    @abc.abstractmethod
    def step(self, data: StorageProgressStep) -> None: ...

    @abc.abstractmethod
    def complete(self, data: StorageProgressComplete) -> None: ...

    def skip(self, data: StorageProgressSkip) -> None:
        """Not abstract: interfaces written before there was a `skip` stay usable."""
        return


class AbstractRecursiveFileProgress(AbstractFileProgress):
    """Hears of a directory and of every file in it."""

    @abc.abstractmethod
    def enter(self, data: StorageProgressEnterDir) -> None: ...

    @abc.abstractmethod
    def leave(self, data: StorageProgressLeaveDir) -> None: ...

    @abc.abstractmethod
    def fail(self, data: StorageProgressFail) -> None: ...


class AbstractDeleteProgress(abc.ABC):
    """Hears of removals."""

    @abc.abstractmethod
    def delete(self, data: StorageProgressDelete) -> None: ...
