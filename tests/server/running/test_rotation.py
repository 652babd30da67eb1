"""Master keys that are replaced: whatever is cut short, everything can be opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import Conflict, OutcomeUnknown, WrongKey
from holdall.core.secret_files import MASTER_KEY
from holdall.core.values import PLAIN, Versioning
from holdall.engine import accounts, resealing, settings
from holdall.engine.engine import Engine
from holdall.engine.open import open_blob
from holdall.engine.put import put
from holdall.s3.signing import Credentials
from holdall.server.data_keys import customer_key, server_key
from holdall.server.imports import SETTING, Import, Place, Vault
from holdall.server.master_keys import OVERLAP, MasterKeys
from holdall.server.rotation import Resealed, Rotation
from holdall.server.stored_keys import StoredKeys
from holdall.server.webhooks import Webhooks

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
SMALL, LARGE = b"x" * 100, b"y" * 200_000
OBJECTS, KEYS, IMPORTS = 12, 5, 3
PLACE = Place("minio", "box", "us-east-1", "https://minio.example.com")
THEIRS = Credentials("AKIDTHEIRS", "their secret")
CUSTOMER = customer_key(bytes(range(32)))


class Crash(Exception):
    """The process ends here, as far as what it was doing is concerned."""


@dataclass
class Faults:
    """A catalog that crashes at its `nth` write from now, before or after the commit."""

    catalog: Any
    nth: int = 0
    committed: bool = False
    writes: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)

    async def write(self, unit: Any, *, essential: bool = False) -> Any:
        self.writes += 1
        if self.writes == self.nth and not self.committed:
            raise Crash
        result = await self.catalog.write(unit, essential=essential)
        if self.writes == self.nth:
            raise Crash
        return result


class Store:
    """A store with sealed things of every kind, as one server process has it open."""

    def __init__(self, path: Path, backend: EngineBackend) -> None:
        self.path = path
        self.backend = backend
        self.keys = MasterKeys.prepared(path / MASTER_KEY)
        self.webhooks = Webhooks(path, self.keys)
        self.stored = StoredKeys(backend.engine, self.keys, lambda: NOW)
        self.vault = Vault(self.keys)
        self.rotation = self.rotating(backend.engine)
        self.wrapping = server_key(self.keys)

    def rotating(self, engine: Engine) -> Rotation:
        return Rotation(engine, self.keys, self.webhooks, self.vault)

    async def put(self, key: str, data: bytes, wrapping: Any = None) -> None:
        seal = (wrapping or self.wrapping).seal
        await put(self.backend.engine, "box", key, data, PLAIN, seal)

    async def fill(self) -> None:
        await self.backend.create_bucket("box")
        for number in range(OBJECTS):
            await self.put(f"o{number}", LARGE if number % 3 else SMALL)
        await self.put("theirs", SMALL, CUSTOMER)
        await self.put("theirs, large", LARGE, CUSTOMER)
        await accounts.create_user(self.backend.engine, "ann")
        for number in range(KEYS):
            id = f"AKID{number}"
            sealed = self.stored.seal(id, f"secret {number}")
            await accounts.create_key(self.backend.engine, id, sealed, "ann")
        self.webhooks.add("hook", "https://example.com/hook")
        for number in range(IMPORTS):
            name = f"imported-{number}"
            await self.backend.create_bucket(name, versioning=Versioning.OFF)
            document = self.vault.seal(PLACE, THEIRS).text
            await settings.put(self.backend.engine, name, SETTING, document)

    async def judge(self) -> None:
        """Everything opens, for a process that has just begun."""
        fresh = Store(self.path, self.backend)
        for number in range(OBJECTS):
            wanted = LARGE if number % 3 else SMALL
            assert await fresh.read(f"o{number}", fresh.wrapping) == wanted
        assert await fresh.read("theirs", CUSTOMER) == SMALL
        assert await fresh.read("theirs, large", CUSTOMER) == LARGE
        for number in range(KEYS):
            key = await fresh.stored.find(f"AKID{number}")
            assert key is not None
            assert key.secret == f"secret {number}"
        assert [hook.name for hook in fresh.webhooks.every()] == ["hook"]
        for number in range(IMPORTS):
            text = await settings.get(self.backend.engine, f"imported-{number}", SETTING)
            assert fresh.vault.open(Import.of(str(text))) == THEIRS

    async def read(self, key: str, wrapping: Any) -> bytes:
        engine = self.backend.engine
        async with await open_blob(engine, "box", key, None, None, wrapping.unseal) as reading:
            return await reading.read()


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(resealing, "BATCH", 2)
    backend = await EngineBackend.at(tmp_path / "store", owner="admin")
    found = Store(tmp_path / "store", backend)
    await found.fill()
    yield found
    assert await backend.check(scrub=True) == []
    await backend.aclose()


async def test_everything_is_sealed_anew_and_the_old_key_goes(store: Store) -> None:
    (old,) = store.keys.every()
    made, resealed = await store.rotation.rotate(NOW)
    assert resealed == Resealed(objects=OBJECTS, access_keys=KEYS, imports=IMPORTS, webhooks=1)
    await store.judge()
    assert await store.rotation.reseal() == Resealed()
    with pytest.raises(Conflict):
        await store.rotation.drop(old.id, NOW)
    assert await store.rotation.drop(old.id, NOW + OVERLAP) == Resealed()
    assert store.keys.every() == (made,)
    await store.judge()


async def test_without_sealing_anew_the_old_key_is_needed(store: Store) -> None:
    """So that the tests here would see what they look for."""
    (old,) = store.keys.every()
    store.keys.add(NOW)
    await store.judge()
    store.keys.drop(old.id)
    with pytest.raises(WrongKey):
        await store.judge()
    (store.path / "master-key").write_text(old.line)
    await store.judge()


@pytest.mark.parametrize("committed", [False, True])
async def test_a_crash_at_every_step(store: Store, committed: bool) -> None:
    """The rotation is cut short at its first write, at its second, and so on; each time what is
    left of it is done by the one after."""
    engine = store.backend.engine
    nth = 0
    while True:
        nth += 1
        faults = Faults(engine.catalog, nth, committed)
        rotation = store.rotating(replace(engine, catalog=faults))
        try:
            await rotation.rotate(NOW)
        except Crash:
            await store.judge()
            found = await store.rotation.drop(store.keys.every()[1].id, NOW + OVERLAP)
            assert found.webhooks == 1
            await store.judge()
            continue
        break
    assert nth > (OBJECTS + KEYS + IMPORTS) / 2


async def test_a_crash_before_the_webhooks_and_before_the_drop(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = store.keys.every()

    def crash(*args: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Webhooks, "reseal", crash)
        with pytest.raises(Crash):
            await store.rotation.rotate(NOW)
    await store.judge()
    with monkeypatch.context() as patched:
        patched.setattr(MasterKeys, "drop", crash)
        with pytest.raises(Crash):
            await store.rotation.drop(old.id, NOW + OVERLAP)
    assert len(store.keys.every()) == 2
    await store.judge()
    assert await store.rotation.drop(old.id, NOW + OVERLAP) == Resealed()
    await store.judge()


async def test_what_is_sealed_with_the_old_key_meanwhile_is_found(store: Store) -> None:
    """As by an upload that began before, and that the first pass did not meet."""
    (old,) = store.keys.every()
    await store.rotation.rotate(NOW)
    await store.put("late", LARGE, server_key(old.secret))
    found = await store.rotation.drop(old.id, NOW + OVERLAP)
    assert found == Resealed(objects=1)
    assert await store.read("late", store.wrapping) == LARGE


async def test_a_failure_keeps_the_old_key(store: Store) -> None:
    (old,) = store.keys.every()
    store.keys.add(NOW)

    class Failing(Faults):
        async def write(self, unit: Any, *, essential: bool = False) -> Any:
            raise OutcomeUnknown("who knows")

    engine = replace(store.backend.engine, catalog=Failing(store.backend.engine.catalog))
    rotation = store.rotating(engine)
    with pytest.raises(OutcomeUnknown):
        await rotation.drop(old.id, NOW + OVERLAP)
    assert len(store.keys.every()) == 2
    await store.judge()


async def test_a_change_in_between_is_not_overwritten(store: Store) -> None:
    """What another process sealed anew meanwhile stays."""
    engine = store.backend.engine
    store.keys.add(NOW)

    class Changing(Faults):
        async def write(self, unit: Any, *, essential: bool = False) -> Any:
            await store.rotation.reseal()
            return await self.catalog.write(unit, essential=essential)

    changing = replace(engine, catalog=Changing(engine.catalog))
    replaced = await resealing.reseal_access_keys(changing, lambda id, sealed: b"spoiled")
    assert replaced == KEYS - 2, "the first step was overtaken by the other process"
