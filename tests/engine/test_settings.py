"""Documents of a bucket: kept by name, told of by events, gone with the bucket."""

from __future__ import annotations

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BucketNotFound, InvalidArgument
from holdall.engine import events, settings
from holdall.engine.engine import Engine

from .stores import rows_of


async def test_settings_are_put_read_and_deleted(engine: Engine) -> None:
    assert await settings.get(engine, "box", "policy") is None
    await settings.put(engine, "box", "policy", "first")
    await settings.put(engine, "box", "policy", "second")
    await settings.put(engine, "box", "cors", "é")
    assert await settings.get(engine, "box", "policy") == "second"
    assert await settings.all(engine, "box") == {"cors": "é", "policy": "second"}
    assert await settings.all(engine, "flat") == {}
    assert await settings.delete(engine, "box", "policy")
    assert not await settings.delete(engine, "box", "policy")
    assert await settings.all(engine, "box") == {"cors": "é"}


async def test_each_change_is_an_event(engine: Engine) -> None:
    before = await events.latest(engine)
    await settings.put(engine, "box", "policy", "{}")
    await settings.delete(engine, "box", "policy")
    await settings.delete(engine, "box", "policy")
    page = await events.page(engine, after=before)
    assert [event.kind for event in page.events] == ["bucket_changed"] * 2


async def test_settings_go_with_their_bucket(backend: EngineBackend, engine: Engine) -> None:
    await settings.put(engine, "box", "policy", "{}")
    await backend.delete_bucket("box")
    assert await rows_of(backend, "settings") == 0
    for call in (
        settings.get(engine, "box", "policy"),
        settings.all(engine, "box"),
        settings.put(engine, "box", "policy", ""),
        settings.delete(engine, "box", "policy"),
    ):
        with pytest.raises(BucketNotFound):
            await call


@pytest.mark.parametrize(
    "value",
    ["", "[]", '{"mode": "GOVERNANCE"}', '{"mode": "NONE", "days": 1}', '{"days": 1}']
    + [f'{{"mode": "GOVERNANCE", "days": {days}}}' for days in ("0", "true", '"1"', "1e3")]
    + ['{"mode": "GOVERNANCE", "days": 1, "years": 1}'],
)
async def test_what_is_no_default_retention(engine: Engine, value: str) -> None:
    with pytest.raises(InvalidArgument):
        await settings.put(engine, "box", "object-lock", value)
    await settings.put(engine, "box", "object-lock", "{}")


async def test_texts_that_no_catalog_holds(engine: Engine) -> None:
    for name, value in (("a", "\0"), ("a", "\ud800"), ("\0", "a")):
        with pytest.raises(InvalidArgument):
            await settings.put(engine, "box", name, value)
