"""Opens what a crash left, sweeps, checks, and compares every byte with the history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdall.core.errors import UploadNotFound

from .history import KEPT, PLAIN, Blobs, Expectation
from .stores import open_store
from .workload import current_keys, digest_of, make_buckets, observe

LATER = 3600
"""Seconds by which a store is opened after the crash: every lease of the dead has run out."""
PROBE = (PLAIN, "probe")


async def judge(folder: Path, notes: Sequence[object], *, later: float = LATER) -> list[str]:
    backend = await open_store(folder, later=later)
    try:
        return await examine(backend, Expectation().follow(notes))
    finally:
        await backend.aclose()


async def examine(backend: Any, expected: Expectation) -> list[str]:
    """What is wrong with a store in which nobody is at work."""
    await backend.sweep()
    problems = [f"check: {problem}" for problem in await backend.check()]
    if expected.ready:
        problems += await _differences(backend, expected)
        problems += await _lost_parts(backend, expected)
    return problems + await _cannot_write(backend)


async def _differences(backend: Any, expected: Expectation) -> list[str]:
    problems, current = [], set[tuple[str, str]]()
    for task, places in expected.places.items():
        found = await observe(backend, places)
        possible = expected.possible(task)
        if found not in possible:
            problems.append(f"{task}: {_difference(found, possible[0])}")
        current |= {place for place, contents in found.items() if contents[-1]}
    keys = {(b, key) for b in (KEPT, PLAIN) for key in await current_keys(backend, b)}
    listed = keys - {PROBE}
    if listed != current:
        problems.append(f"listed and not current or the reverse: {sorted(listed ^ current)}")
    return problems


def _difference(found: Blobs, acknowledged: Blobs) -> str:
    places = sorted(set(found) | set(acknowledged))
    return "; ".join(
        f"{place} holds {found.get(place)}, acknowledged {acknowledged.get(place)}"
        for place in places
        if found.get(place) != acknowledged.get(place)
    )


async def _lost_parts(backend: Any, expected: Expectation) -> list[str]:
    problems = []
    for id, parts in expected.parts.items():
        one = next(iter(parts.values()))
        stored = await _stored_parts(backend, one.bucket, one.key, id)
        problems += [
            f"part {part.number} of upload {id} of {part.key} is lost"
            for part in parts.values()
            if stored.get(part.number) != part.size
        ]
    return problems


async def _stored_parts(backend: Any, bucket: str, key: str, id: str) -> dict[int, int]:
    try:
        upload = await backend.resume_upload(bucket, key, id)
    except UploadNotFound:
        return {}
    return {part.number: part.size for part in await upload.parts()}


async def _cannot_write(backend: Any) -> list[str]:
    """A store that survived must also work."""
    await make_buckets(backend, lambda note: None)
    await backend.put(*PROBE, b"probe")
    async with await backend.open(*PROBE) as reading:
        content = await reading.read()
    await backend.delete(*PROBE)
    return [] if digest_of(content) == digest_of(b"probe") else ["a new blob reads wrongly"]
