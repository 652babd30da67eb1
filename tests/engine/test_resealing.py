"""Wrapped keys and sealed secrets that are replaced, on each catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from holdall.core.values import PLAIN, Span
from holdall.engine import accounts, resealing, settings
from holdall.engine.engine import Engine
from holdall.engine.open import open_blob
from holdall.engine.put import put
from holdall.engine.resealing import (
    is_anything_sealed,
    reseal_access_keys,
    reseal_data_keys,
    reseal_documents,
)
from holdall.engine.sealing import Seal

from .stores import LARGE

OLD, NEW = b"old:", b"new:"


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)


def renew(id: object, sealed: bytes) -> bytes | None:
    return NEW + sealed.removeprefix(OLD) if sealed.startswith(OLD) else None


def unwrap(wrapped: bytes) -> bytes:
    return wrapped[len(OLD) :]


async def sealed(engine: Engine, key: str, data: bytes, name: bytes = OLD) -> None:
    await put(engine, "box", key, data, PLAIN, Seal(lambda plain: name + plain))


async def test_data_keys_are_wrapped_anew_and_bytes_stay(engine: Engine) -> None:
    contents = {f"{number}": (LARGE, b"small")[number % 2] for number in range(7)}
    for key, data in contents.items():
        await sealed(engine, key, data)
    await sealed(engine, "theirs", b"small", b"cust")
    await put(engine, "box", "plain", b"plain", PLAIN)
    assert await reseal_data_keys(engine, renew) == 7
    assert await reseal_data_keys(engine, renew) == 0
    seen = list[bytes]()

    def unseal(wrapped: bytes) -> bytes:
        seen.append(wrapped)
        return unwrap(wrapped)

    for key, data in contents.items():
        async with await open_blob(engine, "box", key, None, None, unseal) as reading:
            assert await reading.read() == data
    assert all(wrapped.startswith(NEW) for wrapped in seen)
    async with await open_blob(engine, "box", "theirs", None, Span(1, 3), unseal) as reading:
        assert await reading.read() == b"ma"


async def test_secrets_of_access_keys(engine: Engine) -> None:
    await accounts.create_user(engine, "ann")
    for number in range(5):
        await accounts.create_key(engine, f"K{number}", OLD + b"%d" % number, "ann")
    assert await reseal_access_keys(engine, renew) == 5
    kept = [row.secret for row in await accounts.list_keys(engine, "ann")]
    assert kept == [NEW + b"%d" % number for number in range(5)]


async def test_documents(engine: Engine) -> None:
    for name, text in (("box", "old"), ("flat", "new"), ("slack", "old")):
        await settings.put(engine, name, "kept", text)
        await settings.put(engine, name, "other", "old")
    count = await reseal_documents(engine, "kept", lambda text: "new" if text == "old" else None)
    assert count == 2
    for name in ("box", "flat", "slack"):
        assert await settings.all(engine, name) == {"kept": "new", "other": "old"}


class Overtaken:
    """A catalog in which another process is always a little faster."""

    def __init__(self, catalog: Any, change: Any) -> None:
        self._catalog = catalog
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    async def write(self, unit: Any, *, essential: bool = False) -> Any:
        await self._change()
        return await self._catalog.write(unit, essential=essential)


async def test_what_changed_meanwhile_is_left_alone(engine: Engine) -> None:
    await sealed(engine, "large", LARGE)
    await settings.put(engine, "box", "kept", "old")

    async def change() -> None:
        await reseal_data_keys(engine, renew)
        await settings.put(engine, "box", "kept", "theirs")

    late = replace(engine, catalog=Overtaken(engine.catalog, change))
    assert await reseal_documents(late, "kept", lambda text: "spoiled") == 0
    assert await settings.get(engine, "box", "kept") == "theirs"
    await sealed(engine, "other", LARGE)
    assert await reseal_data_keys(late, lambda id, wrapped: b"spoiled" + wrapped) == 1
    async with await open_blob(engine, "box", "other", None, None, unwrap) as reading:
        assert await reading.read() == LARGE


async def test_whether_anything_is_sealed(engine: Engine) -> None:
    assert not await is_anything_sealed(engine, "kept")
    await put(engine, "box", "plain", LARGE, PLAIN)
    assert not await is_anything_sealed(engine, "kept")
    await settings.put(engine, "box", "kept", "text")
    assert await is_anything_sealed(engine, "kept")
    assert not await is_anything_sealed(engine, "other")
    await sealed(engine, "large", LARGE)
    assert await is_anything_sealed(engine, "other")
