"""What callers did and were told, and which contents a store may hold after that.

Each task works on keys of its own, one change after the other, so that what it was told
leaves one state, or two when its last change was begun and not answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = "kept-revisions"
PLAIN = "plain-contents"

Contents = tuple[str | None, ...]
"""A key's revisions, oldest first: digests, None for a delete marker."""

Blobs = Mapping[tuple[str, str], Contents]
"""What one task's keys hold, by bucket and key; keys that hold nothing are absent."""


@dataclass(frozen=True, slots=True)
class Change:
    """One call. `digest` is of what it stores; `index` counts revisions, oldest first."""

    task: str
    verb: str
    bucket: str
    key: str
    digest: str = ""
    to_bucket: str = ""
    to_key: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """The store and its buckets exist."""


@dataclass(frozen=True, slots=True)
class Begun:
    change: Change


@dataclass(frozen=True, slots=True)
class Done:
    change: Change


@dataclass(frozen=True, slots=True)
class Refused:
    """The call raised; `unknown` when it would not say whether it took place."""

    change: Change
    error: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class PartStored:
    upload: str
    bucket: str
    key: str
    number: int
    size: int


@dataclass(frozen=True, slots=True)
class UploadEnds:
    """About to be completed or aborted."""

    upload: str


Note = Ready | Begun | Done | Refused | PartStored | UploadEnds
_NOTES = {kind.__name__: kind for kind in (Ready, Begun, Done, Refused, PartStored, UploadEnds)}


def packed(note: Note) -> dict[str, Any]:
    return {"note": type(note).__name__, **asdict(note)}


def unpacked(facts: dict[str, Any]) -> Note:
    kind = _NOTES[facts.pop("note")]
    if "change" in facts:
        facts["change"] = Change(**facts["change"])
    note: Note = kind(**facts)
    return note


def after(blobs: Blobs, change: Change) -> Blobs:
    """What `blobs` become when the change takes place."""
    place, contents = (change.bucket, change.key), blobs.get((change.bucket, change.key), ())
    target = (change.to_bucket, change.to_key)
    match change.verb:
        case "put":
            return _with(blobs, place, _added(place, contents, change.digest))
        case "delete":
            return _with(blobs, place, _deleted(place, contents))
        case "delete_all":
            return _with(blobs, place, ())
        case "restore":
            return _with(blobs, place, (*contents, contents[change.index]))
        case "undelete":
            return _with(blobs, place, (*contents, _newest(contents)))
        case "copy":
            return _with(blobs, target, _added(target, blobs.get(target, ()), contents[-1]))
        case "move":
            there = _with(blobs, target, _added(target, blobs.get(target, ()), contents[-1]))
            return _with(there, place, _deleted(place, contents))
    raise ValueError(change.verb)


def _with(blobs: Blobs, place: tuple[str, str], contents: Contents) -> Blobs:
    rest = {key: value for key, value in blobs.items() if key != place}
    return {**rest, place: contents} if contents else rest


def _added(place: tuple[str, str], contents: Contents, digest: str | None) -> Contents:
    return (*contents, digest) if place[0] == KEPT else (digest,)


def _newest(contents: Contents) -> str | None:
    """What an undeletion brings back; the markers stay where they are."""
    return next((digest for digest in reversed(contents) if digest), None)


def _deleted(place: tuple[str, str], contents: Contents) -> Contents:
    return (*contents, None) if place[0] == KEPT else ()


@dataclass
class Expectation:
    """What the notes so far allow: each task's possible `states`, in the `places` it used."""

    ready: bool = False
    states: dict[str, list[Blobs]] = field(default_factory=dict)
    pending: dict[str, Change] = field(default_factory=dict)
    places: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    parts: dict[str, dict[int, PartStored]] = field(default_factory=dict)

    def follow(self, notes: Iterable[object]) -> Expectation:
        for note in notes:
            self._follow(note)
        return self

    def _follow(self, note: object) -> None:
        match note:
            case Ready():
                self.ready = True
            case Begun(change):
                self.pending[change.task] = change
                self.places.setdefault(change.task, set()).update(_places(change))
            case Done(change):
                self._take(change, or_not=False)
            case Refused(change, _, unknown):
                if unknown:
                    self._take(change, or_not=True)
                self.pending.pop(change.task, None)
            case PartStored():
                self.parts.setdefault(note.upload, {})[note.number] = note
            case UploadEnds(upload):
                self.parts.pop(upload, None)

    def _take(self, change: Change, *, or_not: bool) -> None:
        before = self.of(change.task)
        taken = [after(blobs, change) for blobs in before]
        self.states[change.task] = before + taken if or_not else taken
        self.pending.pop(change.task, None)

    def of(self, task: str) -> list[Blobs]:
        return self.states.get(task, [{}])

    def possible(self, task: str) -> list[Blobs]:
        """The last change, begun and not answered, took place or did not."""
        states, change = self.of(task), self.pending.get(task)
        return states + [after(blobs, change) for blobs in states] if change else states

    def settle(self, task: str, blobs: Blobs) -> None:
        """Looked up: this is what the task's keys hold."""
        self.states[task] = [blobs]
        self.pending.pop(task, None)


def _places(change: Change) -> list[tuple[str, str]]:
    target = [(change.to_bucket, change.to_key)] if change.to_bucket else []
    return [(change.bucket, change.key), *target]
