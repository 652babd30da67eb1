"""Keys of the catalog: found as they are now, opened, and their uses written down."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.engine import accounts
from holdall.engine.engine import Engine
from holdall.s3.errors import S3Error
from holdall.server.access.callers import KeyScope
from holdall.server.identities import canonical_id
from holdall.server.sealing import Broken
from holdall.server.stored_keys import StoredKeys
from tests.server.clock import Clock

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
MASTER = secrets.token_bytes(32)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    backend = await EngineBackend.at(tmp_path, owner="admin")
    yield backend.engine
    assert await backend.check() == []
    await backend.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def stored(engine: Engine, clock: Clock) -> StoredKeys:
    return StoredKeys(engine, MASTER, clock)


async def make(engine: Engine, stored: StoredKeys, user: str = "ann", **facts: object) -> str:
    if user not in [row.name for row in await accounts.list_users(engine)]:
        await accounts.create_user(engine, user, display=user.title())
    id = f"AKID{secrets.token_hex(4)}"
    await accounts.create_key(engine, id, stored.seal(id, f"secret of {id}"), user, **facts)  # type: ignore[arg-type]
    return id


async def test_a_key_is_found_with_its_user(engine: Engine, stored: StoredKeys) -> None:
    id = await make(engine, stored)
    key = await stored.find(id)
    assert key is not None
    assert (key.id, key.secret) == (id, f"secret of {id}")
    assert (key.caller.kind, key.caller.user, key.caller.key) == ("user", "ann", None)
    assert key.caller.canonical_id == canonical_id("ann")
    assert await stored.find("AKIDNOBODY") is None


async def test_limits_are_those_of_the_row(engine: Engine, stored: StoredKeys) -> None:
    id = await make(engine, stored, buckets=["b", "a"], read_only=True)
    key = await stored.find(id)
    assert key is not None
    assert key.caller.key == KeyScope(frozenset("ab"), True)


async def test_what_changes_counts_at_once(
    engine: Engine, stored: StoredKeys, clock: Clock
) -> None:
    """Another process would not tell: nothing is remembered that is not looked at again."""
    id = await make(engine, stored)
    other = StoredKeys(engine, MASTER, clock)
    for found in (stored, other):
        assert await found.find(id) is not None
    await accounts.update_user(engine, "ann", is_admin=True)
    await accounts.create_org(engine, "acme")
    await accounts.put_member(engine, "acme", "ann", "reader")
    for found in (stored, other):
        key = await found.find(id)
        assert key is not None
        assert (key.caller.kind, key.caller.orgs) == ("root", {"acme": "reader"})
    await accounts.delete_key(engine, id)
    for found in (stored, other):
        assert await found.find(id) is None


async def test_what_does_not_change_is_opened_once(
    engine: Engine, stored: StoredKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await make(engine, stored)
    first = await stored.find(id)
    await stored.note_uses()
    monkeypatch.setattr(stored, "_sealer", None)
    assert await stored.find(id) is first


async def test_it_ends(engine: Engine, stored: StoredKeys, clock: Clock) -> None:
    end = NOW + timedelta(hours=1)
    id = await make(engine, stored, expires=int(end.timestamp()) * 1_000_000)
    clock.now = end - timedelta(seconds=1)
    assert await stored.find(id) is not None
    clock.now = end
    with pytest.raises(S3Error) as caught:
        await stored.find(id)
    assert caught.value.code == "ExpiredToken"


async def test_uses_are_written_down_together(
    engine: Engine, stored: StoredKeys, clock: Clock
) -> None:
    ids = [await make(engine, stored) for _ in range(2)]
    for id in ids:
        await stored.find(id)
    clock.now = NOW + timedelta(minutes=1)
    await stored.find(ids[0])
    assert [(await accounts.get_key(engine, id)).last_used for id in ids] == [None, None]
    await stored.note_uses()
    micro = int(NOW.timestamp()) * 1_000_000
    used = [(await accounts.get_key(engine, id)).last_used for id in ids]
    assert used == [micro + 60_000_000, micro]


async def test_another_master_key_opens_nothing(
    engine: Engine, stored: StoredKeys, clock: Clock
) -> None:
    id = await make(engine, stored)
    with pytest.raises(Broken):
        await StoredKeys(engine, secrets.token_bytes(32), clock).find(id)


async def test_the_secret_is_nowhere_to_be_read(
    engine: Engine, stored: StoredKeys, tmp_path: Path
) -> None:
    id = await make(engine, stored)
    key = await stored.find(id)
    assert "secret of" not in repr(key)
    assert b"secret of" not in everything_in(tmp_path)


def everything_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("catalog.db*"))


async def test_who_there_is(
    engine: Engine, stored: StoredKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored.users == {}
    for name in ("ann", "bob", "cas"):
        await make(engine, stored, name)
    await stored.list_users()
    assert {user.display_name for user in stored.users.values()} == {"Ann", "Bob", "Cas"}
    assert stored.users[canonical_id("bob")].display_name == "Bob"
    await accounts.delete_user(engine, "bob")
    await stored.list_users()
    assert canonical_id("bob") not in stored.users


async def test_few_are_remembered(
    engine: Engine, stored: StoredKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.server.stored_keys.REMEMBERED", 2)
    ids = [await make(engine, stored) for _ in range(4)]
    for id in ids * 2:
        found = await stored.find(id)
        assert found is not None
        assert found.id == id
    assert len(stored._known) == 2
