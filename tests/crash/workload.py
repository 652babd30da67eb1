"""Tasks that do at random what callers do, and note what they begin and what they are told."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from holdall.core.errors import BucketExists, HoldallError, OutcomeUnknown
from holdall.core.values import Versioning

from .history import (
    KEPT,
    PLAIN,
    Begun,
    Blobs,
    Change,
    Done,
    Note,
    PartStored,
    Ready,
    Refused,
    UploadEnds,
    after,
)

Say = Callable[[Note], None]

SMALL = (0, 3_000)
LARGE = (66_000, 140_000)
PART = (1_000, 80_000)


def digest_of(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


async def make_buckets(backend: Any, say: Say) -> None:
    for name, versioning in ((KEPT, Versioning.ENABLED), (PLAIN, Versioning.OFF)):
        with suppress(BucketExists):
            await backend.create_bucket(name, versioning=versioning)
    say(Ready())


class Task:
    """One caller, with `keys` keys in each bucket, starting from `blobs`."""

    def __init__(
        self,
        backend: Any,
        say: Say,
        name: str,
        *,
        seed: int,
        blobs: Blobs | None = None,
        keys: int = 3,
        large: float = 0.25,
    ) -> None:
        self._backend = backend
        self._say = say
        self._name = name
        self._random = random.Random(f"{seed}/{name}")
        self._blobs: Blobs = blobs or {}
        self._places = [(b, f"{name}/{n}") for b in (KEPT, PLAIN) for n in range(keys)]
        self._large = large
        self.refused: list[HoldallError] = []

    async def run(self, changes: int) -> None:
        for _ in range(changes):
            if not await self.step():
                return

    async def step(self) -> bool:
        """One change; False when the store would not say what became of it."""
        change, call = self._choose()
        self._say(Begun(change))
        try:
            await call()
        except HoldallError as error:
            self.refused.append(error)
            unknown = isinstance(error, OutcomeUnknown)
            self._say(Refused(change, repr(error), unknown))
            return not unknown
        self._say(Done(change))
        self._blobs = after(self._blobs, change)
        return True

    def _choose(self) -> tuple[Change, Callable[[], Any]]:
        place = self._random.choice(self._places)
        contents = self._blobs.get(place, ())
        if place[0] == KEPT and len(contents) > 6:
            return self._delete_all(place)
        if contents and contents[-1] is None:
            return self._random.choice((self._put, self._undelete, self._restore))(place)
        if not contents or self._random.random() < 0.5:
            return self._random.choice((self._put, self._put, self._upload))(place)
        others = [self._delete, self._copy, self._move, self._delete_all]
        others += [self._restore] * (place[0] == KEPT)
        return self._random.choice(others)(place)

    def _content(self) -> bytes:
        low, high = LARGE if self._random.random() < self._large else SMALL
        return self._random.randbytes(self._random.randint(low, high))

    def _put(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        content = self._content()
        change = Change(self._name, "put", *place, digest_of(content))
        return change, lambda: self._backend.put(*place, content)

    def _upload(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        sizes = [self._random.randint(*PART) for _ in range(self._random.randint(1, 3))]
        parts = [self._random.randbytes(size) for size in sizes]
        change = Change(self._name, "put", *place, digest_of(b"".join(parts)))
        return change, lambda: self._send(place, parts)

    async def _send(self, place: tuple[str, str], parts: Sequence[bytes]) -> None:
        upload = await self._backend.start_upload(*place)
        for number, part in enumerate(parts, 1):
            await upload.part(number, part)
            self._say(PartStored(upload.id, *place, number, len(part)))
        self._say(UploadEnds(upload.id))
        await upload.complete()

    def _delete(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        change = Change(self._name, "delete", *place)
        return change, lambda: self._backend.delete(*place)

    def _delete_all(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        change = Change(self._name, "delete_all", *place)
        return change, lambda: self._backend.delete_all_revisions(*place)

    def _undelete(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        change = Change(self._name, "undelete", *place)
        return change, lambda: self._backend.undelete(*place)

    def _restore(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        contents = self._blobs[place]
        index = self._random.choice([i for i, digest in enumerate(contents) if digest])
        change = Change(self._name, "restore", *place, index=index)
        return change, lambda: self._bring_back(place, index)

    async def _bring_back(self, place: tuple[str, str], index: int) -> None:
        listed = await self._backend.revisions(*place)
        await self._backend.restore(*place, listed[::-1][index].number)

    def _copy(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        return self._transfer("copy", place)

    def _move(self, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        return self._transfer("move", place)

    def _transfer(self, verb: str, place: tuple[str, str]) -> tuple[Change, Callable[[], Any]]:
        target = self._random.choice([other for other in self._places if other != place])
        change = Change(self._name, verb, *place, to_bucket=target[0], to_key=target[1])
        return change, lambda: getattr(self._backend, verb)(*place, *target)


def hasty(say: Say) -> Say:
    """Says that a change is done before it is made: what the harness must catch."""

    def early(note: Note) -> None:
        if not isinstance(note, Done):
            say(note)
        if isinstance(note, Begun):
            say(Done(note.change))

    return early


async def observe(backend: Any, places: Iterable[tuple[str, str]]) -> Blobs:
    """What these keys hold, every revision read to its end."""
    found = {place: await _contents(backend, place) for place in places}
    return {place: contents for place, contents in found.items() if contents}


async def _contents(backend: Any, place: tuple[str, str]) -> tuple[str | None, ...]:
    listed = list(await backend.revisions(*place))
    return tuple([await _digest(backend, place, revision) for revision in reversed(listed)])


async def _digest(backend: Any, place: tuple[str, str], revision: Any) -> str | None:
    if revision.is_marker:
        return None
    async with await backend.open(*place, revision=revision.number) as reading:
        return digest_of(await reading.read())


async def current_keys(backend: Any, bucket: str) -> set[str]:
    """Every key that a listing shows."""
    keys, after_key = set[str](), ""
    while True:
        page = await backend.list(bucket, after=after_key)
        keys |= {entry.key for entry in page.entries}
        if page.after is None:
            return keys
        after_key = page.after


async def sweep_now_and_then(backend: Any, done: asyncio.Event) -> None:
    while not done.is_set():
        with suppress(HoldallError):  # another process has the turn, or the disk fails
            await backend.sweep()
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), 0.02)
