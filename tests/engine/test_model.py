"""A model beside the store: whatever is done, both hold the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BlobNotFound, Conflict, InvalidArgument, RevisionNotFound
from holdall.core.values import CommonPrefix, Precondition, PutOptions, Revision, Usage, Versioning
from holdall.engine.delete import mark_deleted, remove_version
from holdall.engine.versions import list_versions

T = TypeVar("T")

KEYS = st.sampled_from(["a", "a/", "a/b", "a/b/c", "a//b", "b", "é", "..", "a/c", "\0"])
PREFIXES = st.sampled_from(["", "a", "a/", "a/b", "/", "b", "zz"])
SIZES = st.sampled_from([0, 1, 3, 65_536, 65_537, 300_000])


class StoreMachine(RuleBasedStateMachine):
    """`chains` maps a key to its revisions by number, None standing for a delete marker."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="holdall-model-"))
        self.loop = asyncio.new_event_loop()
        self.chains: dict[str, dict[int, bytes | None]] = {}
        self.next: dict[str, int] = {}
        self.nulls: set[tuple[str, int]] = set()  # written while versioning was suspended
        self.suspended = False
        self.tags: dict[tuple[str, int], str] = {}
        self.moments: list[tuple[datetime, dict[str, bytes]]] = []
        self.made = 0
        self.backend = self.open()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(call)

    def open(self) -> EngineBackend:
        return self.run(EngineBackend.at(self.folder / "store", owner="model"))

    @initialize()
    def bucket(self) -> None:
        self.run(self.backend.create_bucket("box"))

    # the model

    def fresh(self, size: int) -> bytes:
        """Bytes that no other call made."""
        self.made += 1
        return (b"%d " % self.made * (size // 2 + 1))[:size]

    def current(self) -> dict[str, bytes]:
        newest = {key: chain[max(chain)] for key, chain in self.chains.items()}
        return {key: body for key, body in newest.items() if body is not None}

    def append(self, key: str, body: bytes | None, tag: str | None = None) -> int:
        number = self.next.get(key, 0)
        if self.suspended:
            for old in [old for old in self.chains.get(key, {}) if (key, old) in self.nulls]:
                self.drop(key, old)
            self.nulls.add((key, number))
        self.chains.setdefault(key, {})[number] = body
        self.next[key] = number + 1
        if tag is not None:
            self.tags[key, number] = tag
        return number

    def forget(self, key: str, number: int) -> None:
        self.drop(key, number)
        if not self.chains[key]:
            del self.chains[key], self.next[key]

    def drop(self, key: str, number: int) -> None:
        del self.chains[key][number]
        self.nulls.discard((key, number))
        self.tags.pop((key, number), None)
        self.moments.clear()  # the past is not what it was

    def remember(self, made: Revision) -> None:
        self.moments.append((made.created_at, self.current()))

    # what users do

    @rule(key=KEYS, size=SIZES)
    def put(self, key: str, size: int) -> None:
        body = self.fresh(size)
        made = self.run(self.backend.put("box", key, body))
        assert made.number == self.append(key, body)
        self.remember(made)

    @rule(key=KEYS, size=SIZES)
    def put_if_new(self, key: str, size: int) -> None:
        body = self.fresh(size)
        options = PutOptions(precondition=Precondition(if_none_match="*"))
        if key in self.current():
            with pytest.raises(Exception, match="if_none_match"):
                self.run(self.backend.put("box", key, body, options=options))
        else:
            made = self.run(self.backend.put("box", key, body, options=options))
            assert made.number == self.append(key, body)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        if key not in self.current():
            with pytest.raises(BlobNotFound):
                self.run(self.backend.delete("box", key))
            return
        marker = self.run(self.backend.delete("box", key))
        assert marker is not None
        assert marker.number == self.append(key, None)
        self.remember(marker)

    @rule(key=KEYS)
    def mark_deleted(self, key: str) -> None:
        marker = self.run(mark_deleted(self.backend.engine, "box", key))
        assert marker is not None
        assert marker.number == self.append(key, None)
        assert marker.is_null == self.suspended
        self.remember(marker)

    @rule(key=KEYS)
    def delete_null(self, key: str) -> None:
        nulls = [old for name, old in self.nulls if name == key]
        removal = remove_version(self.backend.engine, "box", key, "null")
        if not nulls:
            with pytest.raises((BlobNotFound, RevisionNotFound)):
                self.run(removal)
            return
        assert self.run(removal).number == nulls[0]
        self.forget(key, nulls[0])

    @rule(key=KEYS, number=st.integers(0, 4))
    def delete_revision(self, key: str, number: int) -> None:
        if number not in self.chains.get(key, {}):
            with pytest.raises((BlobNotFound, RevisionNotFound)):
                self.run(self.backend.delete("box", key, revision=number))
            return
        self.run(self.backend.delete("box", key, revision=number))
        self.forget(key, number)

    @rule(key=KEYS, number=st.integers(0, 4))
    def restore(self, key: str, number: int) -> None:
        body = self.chains.get(key, {}).get(number)
        if body is None:
            with pytest.raises((BlobNotFound, RevisionNotFound)):
                self.run(self.backend.restore("box", key, number))
            return
        made = self.run(self.backend.restore("box", key, number))
        assert made.number == self.append(key, body, self.tags.get((key, number)))
        self.remember(made)

    @rule(key=KEYS)
    def undelete(self, key: str) -> None:
        contents = [n for n, body in self.chains.get(key, {}).items() if body is not None]
        if key in self.current() or not contents:
            with pytest.raises((BlobNotFound, RevisionNotFound, Conflict)):
                self.run(self.backend.undelete("box", key))
            return
        made = self.run(self.backend.undelete("box", key))
        number = max(contents)
        body, tag = self.chains[key][number], self.tags.get((key, number))
        assert made.number == self.append(key, body, tag)
        self.remember(made)

    @rule(key=KEYS, to=KEYS, move=st.booleans())
    def copy(self, key: str, to: str, move: bool) -> None:
        call = self.backend.move if move else self.backend.copy
        body = self.current().get(key)
        if body is None or (move and key == to):
            with pytest.raises((BlobNotFound, InvalidArgument)):
                self.run(call("box", key, "box", to))
            return
        made = self.run(call("box", key, "box", to))
        tag = self.tags.get((key, max(self.chains[key])))
        assert made.number == self.append(to, body, tag)
        if move:
            self.append(key, None)
        self.remember(made)

    @rule(key=KEYS, sizes=st.lists(SIZES, min_size=1, max_size=3))
    def upload(self, key: str, sizes: list[int]) -> None:
        bodies = [self.fresh(size) for size in sizes]
        upload = self.run(self.backend.start_upload("box", key))
        for number, body in enumerate(bodies, 1):
            self.run(upload.part(number, body))
        made = self.run(upload.complete())
        assert made.number == self.append(key, b"".join(bodies))
        self.remember(made)

    @rule(key=KEYS)
    def delete_all(self, key: str) -> None:
        if key not in self.chains:
            with pytest.raises(BlobNotFound):
                self.run(self.backend.delete_all_revisions("box", key))
            return
        assert self.run(self.backend.delete_all_revisions("box", key)) == len(self.chains[key])
        for number in list(self.chains[key]):
            self.forget(key, number)

    @rule(suspended=st.booleans())
    def switch(self, suspended: bool) -> None:
        wanted = Versioning.SUSPENDED if suspended else Versioning.ENABLED
        self.run(self.backend.set_versioning("box", wanted))
        self.suspended = suspended

    @rule(key=KEYS, tag=st.sampled_from(["x", "y"]))
    def tag(self, key: str, tag: str) -> None:
        if key not in self.current():
            with pytest.raises(BlobNotFound):
                self.run(self.backend.set_tags("box", key, {"tag": tag}))
            return
        self.run(self.backend.set_tags("box", key, {"tag": tag}))
        self.tags[key, max(self.chains[key])] = tag

    @rule()
    def sweep(self) -> None:
        self.run(self.backend.sweep())

    @rule()
    def reopen(self) -> None:
        self.run(self.backend.aclose())
        self.backend = self.open()

    # what must hold

    @precondition(lambda self: self.chains)
    @rule(data=st.data())
    def histories_agree(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.chains)))
        kept = self.run(self.backend.revisions("box", key))
        assert [r.number for r in kept] == sorted(self.chains[key], reverse=True)
        for revision in kept:
            body = self.chains[key][revision.number]
            assert revision.tags.get("tag") == self.tags.get((key, revision.number))
            assert revision.is_marker == (body is None)
            if body is not None:
                assert self.run(self.read(key, revision.number)) == body

    async def read(self, key: str, number: int) -> bytes:
        async with await self.backend.open("box", key, revision=number) as reading:
            return await reading.read()

    @rule(prefix=PREFIXES, delimiter=st.sampled_from(["", "/", "b"]), limit=st.integers(1, 4))
    def listings_agree(self, prefix: str, delimiter: str, limit: int) -> None:
        expected = dict.fromkeys(
            _shown(key, prefix, delimiter)
            for key in sorted(self.current(), key=str.encode)
            if key.startswith(prefix)
        )
        assert self.run(self.names(prefix, delimiter, limit)) == list(expected)

    @rule(prefix=PREFIXES, delimiter=st.sampled_from(["", "/", "b"]), limit=st.integers(1, 4))
    def all_revisions_agree(self, prefix: str, delimiter: str, limit: int) -> None:
        expected: list[tuple[str, int]] = []
        for key in sorted(self.chains, key=str.encode):
            if not key.startswith(prefix):
                continue
            if delimiter and delimiter in key[len(prefix) :]:
                expected.append((_shown(key, prefix, delimiter), -1))
            else:
                expected += [(key, number) for number in sorted(self.chains[key], reverse=True)]
        assert self.run(self.versions(prefix, delimiter, limit)) == list(dict.fromkeys(expected))

    async def versions(self, prefix: str, delimiter: str, limit: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        after: tuple[str, str | None] | None = ("", None)
        while after is not None:
            page = await list_versions(
                self.backend.engine,
                "box",
                prefix=prefix,
                delimiter=delimiter,
                after=after,
                limit=limit,
            )
            for entry in page.entries:
                if isinstance(entry, CommonPrefix):
                    found.append((entry.prefix, -1))
                    continue
                found.append((entry.key, entry.number))
                assert entry.is_current == (entry.number == max(self.chains[entry.key]))
                assert entry.is_null == ((entry.key, entry.number) in self.nulls)
            after = page.after
        return found

    async def names(self, prefix: str, delimiter: str, limit: int) -> list[str]:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await self.backend.list(
                "box", prefix=prefix, delimiter=delimiter, after=after, limit=limit
            )
            found += [e.prefix if isinstance(e, CommonPrefix) else e.key for e in page.entries]
            after = page.after
        return found

    @precondition(lambda self: self.moments)
    @rule(data=st.data())
    def the_past_agrees(self, data: st.DataObject) -> None:
        time, held = data.draw(st.sampled_from(self.moments))
        page = self.run(self.backend.list("box", at=time))
        found = {e.key: e.size for e in page.entries if isinstance(e, Revision)}
        assert found == {key: len(body) for key, body in held.items()}

    @invariant()
    def usage_agrees(self) -> None:
        current = self.current()
        bodies = [body for chain in self.chains.values() for body in chain.values()]
        contents = [body for body in bodies if body is not None]
        assert self.run(self.backend.usage("box")) == Usage(
            len(current),
            sum(map(len, current.values())),
            len(contents),
            sum(map(len, contents)),
            len(bodies) - len(contents),
        )

    def teardown(self) -> None:
        try:
            self.run(self.backend.sweep())
            assert self.run(self.backend.check(scrub=True)) == []
        finally:
            self.run(self.backend.aclose())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)


def _shown(key: str, prefix: str, delimiter: str) -> str:
    rest = key[len(prefix) :]
    if delimiter and delimiter in rest:
        return prefix + rest[: rest.index(delimiter) + len(delimiter)]
    return key


class TestStore(StoreMachine.TestCase):  # type: ignore[misc]
    settings = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
