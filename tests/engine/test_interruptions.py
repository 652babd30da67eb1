"""A verb that is broken off, by the catalog or by its caller, happened or did not happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog.transaction import Catalog
from holdall.core.errors import NotFound, OutcomeUnknown, StorageFull
from holdall.core.values import Versioning

from .stores import LARGE, content, judge, open_store

SMALL = b"small"
OLD = b"old" * 40_000
PARTS = 20  # more than are looked up at once


async def put_small(backend: EngineBackend, key: str) -> object:
    return await backend.put("box", key, SMALL)


async def put_large(backend: EngineBackend, key: str) -> object:
    return await backend.put("box", key, LARGE)


async def copy(backend: EngineBackend, key: str) -> object:
    return await backend.copy("box", "source", "box", key)


async def upload(backend: EngineBackend, key: str) -> object:
    started = await backend.start_upload("box", key)
    await started.part(1, LARGE)
    return await started.complete()


async def delete(backend: EngineBackend, key: str) -> object:
    return await backend.delete("box", key)


async def move(backend: EngineBackend, key: str) -> object:
    return await backend.move("box", key, "box", f"{key} moved")


VERBS: dict[Callable[[EngineBackend, str], Awaitable[object]], bytes | None] = {
    put_small: SMALL,
    put_large: LARGE,
    copy: LARGE,
    upload: LARGE,
    delete: None,
    move: None,
}
"""Each verb with what its key holds when it was done; before, it holds `OLD`."""

every_verb = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)


class Fault(NamedTuple):
    """The `nth` unit from now fails, after its commit or instead of it."""

    nth: int
    committed: bool
    error: BaseException


def faults() -> Iterator[Fault]:
    for nth in range(1, 5):
        for error in (StorageFull("full"), OutcomeUnknown("who knows"), asyncio.CancelledError()):
            yield Fault(nth, False, error)
        yield Fault(nth, True, OutcomeUnknown("who knows"))
        yield Fault(nth, True, asyncio.CancelledError())


class FaultyCatalog:
    """A catalog before another one, whose units fail as told."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.fault: Fault | None = None
        self.units = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    def fail(self, fault: Fault) -> None:
        self.fault, self.units = fault, 0

    async def write(self, unit: Any, *, essential: bool = False) -> Any:
        self.units += 1
        strikes = self.fault is not None and self.units == self.fault.nth
        if strikes and self.fault and not self.fault.committed:
            raise self.fault.error
        result = await self._catalog.write(unit, essential=essential)
        if strikes and self.fault:
            raise self.fault.error
        return result


async def begin(path: Path) -> tuple[EngineBackend, FaultyCatalog]:
    backend = open_store(path)
    backend.engine.catalog = catalog = FaultyCatalog(backend.engine.catalog)  # type: ignore[assignment]
    await backend.create_bucket("box", versioning=Versioning.OFF)
    await backend.put("box", "source", LARGE)
    return backend, catalog


async def held(backend: EngineBackend, key: str) -> bytes | None:
    try:
        return await content(backend, key)
    except NotFound:
        return None


@every_verb
async def test_whatever_unit_fails_all_happened_or_nothing(
    tmp_path: Path, verb: Callable[[EngineBackend, str], Awaitable[object]]
) -> None:
    backend, catalog = await begin(tmp_path)
    seen = set[bytes | None]()
    for number, fault in enumerate(faults()):
        key = f"{number}"
        await backend.put("box", key, OLD)
        await asyncio.gather(*backend.engine.background)
        catalog.fail(fault)
        (result,) = await asyncio.gather(verb(backend, key), return_exceptions=True)
        catalog.fault = None
        await asyncio.gather(*backend.engine.background, return_exceptions=True)
        after = await held(backend, key)
        assert after in (OLD, VERBS[verb]), fault
        if not isinstance(result, BaseException):
            assert after == VERBS[verb], "what was acknowledged is there"
        elif isinstance(result, StorageFull):
            assert after == OLD, "what was refused did not happen"
        if verb is move:
            assert (after == OLD) == (await held(backend, f"{key} moved") is None)
        seen.add(after)
    assert seen == {OLD, VERBS[verb]}, "the faults struck before and after"
    await backend.aclose()
    again = open_store(tmp_path, later=0)
    for record in await again.list_uploads("box"):
        await (await again.resume_upload("box", record.key, record.id)).abort()
    await again.aclose()
    await judge(tmp_path)


@every_verb
async def test_whenever_the_caller_is_cancelled_all_happened_or_nothing(
    tmp_path: Path, verb: Callable[[EngineBackend, str], Awaitable[object]]
) -> None:
    backend, _ = await begin(tmp_path)
    for turns in range(40):
        key = f"{turns}"
        await backend.put("box", key, OLD)
        task = asyncio.ensure_future(verb(backend, key))
        for _ in range(turns):
            await asyncio.sleep(0.0002 if turns % 2 else 0)
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        after = await held(backend, key)
        assert after in (OLD, VERBS[verb])
        if not isinstance(result, BaseException):
            assert after == VERBS[verb]
        if verb is move:
            assert (after == OLD) == (await held(backend, f"{key} moved") is None)
    for record in await backend.list_uploads("box"):
        await (await backend.resume_upload("box", record.key, record.id)).abort()
    await backend.aclose()
    assert (await judge(tmp_path)).abandoned == 0, "those who live clear up after themselves"


async def test_where_even_clearing_up_fails_the_sweeper_does_it(tmp_path: Path) -> None:
    backend, catalog = await begin(tmp_path)
    write, units = catalog.write, 0

    async def broken(unit: Any, *, essential: bool = False) -> Any:
        nonlocal units
        units += 1
        if units > 1:  # the intent was the first
            raise StorageFull("full")
        return await write(unit, essential=essential)

    catalog.write = broken  # type: ignore[method-assign]
    with pytest.raises(StorageFull):
        await backend.put("box", "k", LARGE)
    await backend.aclose()
    assert (await judge(tmp_path, files=1)).abandoned == 1


async def test_openings_that_are_cancelled_hold_nothing_back(tmp_path: Path) -> None:
    backend, _ = await begin(tmp_path)
    joined = await backend.start_upload("box", "joined")
    for number in range(1, PARTS + 1):
        await joined.copy_part(number, "box", "source")
    await joined.complete()
    for key in ("source", "joined"):
        for turns in range(40):
            task = asyncio.ensure_future(backend.open("box", key))
            for _ in range(turns):
                await asyncio.sleep(0.0002 if turns % 2 else 0)
            task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            if not isinstance(result, BaseException):
                assert len(await result.read()) == result.revision.size
                await result.aclose()
    await backend.delete_bucket("box", force=True)
    await backend.sweep()
    await backend.aclose()
    await judge(tmp_path, files=0)
