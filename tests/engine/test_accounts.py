"""Accounts: who there is, what they hold, and what goes with them."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BucketNotFound, Conflict, InvalidArgument, NotFound
from holdall.engine import accounts
from holdall.engine.engine import Engine

from .stores import rows_of


async def test_users(engine: Engine) -> None:
    made = await accounts.create_user(engine, "jane", display="Jane", is_admin=True)
    assert (made.display, made.is_admin) == ("Jane", 1)
    assert made == await accounts.get_user(engine, "jane")
    with pytest.raises(Conflict):
        await accounts.create_user(engine, "jane")
    changed = await accounts.update_user(engine, "jane", is_admin=False)
    assert changed == made._replace(is_admin=0) == await accounts.get_user(engine, "jane")
    assert (await accounts.update_user(engine, "jane", display="J")).display == "J"
    await accounts.create_user(engine, "adam")
    assert [user.name for user in await accounts.list_users(engine)] == ["adam", "jane"]
    assert [user.name for user in await accounts.list_users(engine, limit=1)] == ["adam"]
    assert [user.name for user in await accounts.list_users(engine, after="adam")] == ["jane"]


async def test_what_no_account_is_called(engine: Engine) -> None:
    for name in ("", "a/b", "org:acme", "\0", "\ud800", "a" * 256):
        with pytest.raises(InvalidArgument):
            await accounts.create_user(engine, name)
        with pytest.raises(InvalidArgument):
            await accounts.create_org(engine, name)
    with pytest.raises(InvalidArgument):
        await accounts.create_user(engine, "jane", display="\0")


async def test_what_is_not_there(engine: Engine) -> None:
    await accounts.create_user(engine, "jane")
    await accounts.create_org(engine, "acme")
    for call in (
        accounts.get_user(engine, "no"),
        accounts.update_user(engine, "no"),
        accounts.delete_user(engine, "no"),
        accounts.get_org(engine, "no"),
        accounts.delete_org(engine, "no"),
        accounts.put_member(engine, "no", "jane", "owner"),
        accounts.put_member(engine, "acme", "no", "owner"),
        accounts.get_member(engine, "acme", "jane"),
        accounts.list_members(engine, "no"),
        accounts.delete_member(engine, "acme", "jane"),
        accounts.create_key(engine, "AK", b"", "no"),
        accounts.create_key(engine, "AK", b"", "jane", session_of="no"),
        accounts.get_key(engine, "no"),
        accounts.delete_key(engine, "no"),
        accounts.put_grant(engine, "box", "user:no", "read"),
        accounts.put_grant(engine, "box", "org:no", "read"),
        accounts.delete_grant(engine, "box", "user:jane"),
    ):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(BucketNotFound):
        await accounts.put_grant(engine, "no", "user:jane", "read")


async def test_members(engine: Engine) -> None:
    for name in ("jane", "adam"):
        await accounts.create_user(engine, name)
    for name in ("acme", "globex"):
        await accounts.create_org(engine, name)
        await accounts.put_member(engine, name, "jane", "reader")
    await accounts.put_member(engine, "acme", "jane", "owner")
    await accounts.put_member(engine, "acme", "adam", "member")
    assert await accounts.roles_of(engine, "jane") == {"acme": "owner", "globex": "reader"}
    assert (await accounts.get_member(engine, "acme", "adam")).role == "member"
    assert [m.user for m in await accounts.list_members(engine, "acme")] == ["adam", "jane"]
    page = await accounts.list_members(engine, "acme", after="adam", limit=1)
    assert [member.user for member in page] == ["jane"]
    with pytest.raises(InvalidArgument):
        await accounts.put_member(engine, "acme", "jane", "king")
    await accounts.delete_member(engine, "acme", "jane")
    assert await accounts.roles_of(engine, "jane") == {"globex": "reader"}
    assert [org.name for org in await accounts.list_orgs(engine, after="acme")] == ["globex"]


async def test_access_keys(engine: Engine) -> None:
    await accounts.create_user(engine, "jane")
    made = await accounts.create_key(
        engine, "AK", b"\0sealed", "jane", name="laptop", expires=5, buckets=["b", "a"]
    )
    assert made == await accounts.get_key(engine, "AK")
    assert (made.secret, made.buckets, made.expires) == (b"\0sealed", '["a", "b"]', 5)
    assert "sealed" not in repr(made)
    with pytest.raises(Conflict):
        await accounts.create_key(engine, "AK", b"other", "jane")
    assert (await accounts.get_key(engine, "AK")).secret == b"\0sealed"
    session = await accounts.create_key(
        engine, "AS", b"s", "jane", read_only=True, policy="{}", session_of="AK"
    )
    assert (session.read_only, session.policy, session.session_of) == (1, "{}", "AK")
    await accounts.create_key(engine, "AZ", b"", "jane")
    assert [key.id for key in await accounts.list_keys(engine, "jane")] == ["AK", "AZ"]
    assert [k.id for k in await accounts.list_keys(engine, "jane", after="AK")] == ["AZ"]
    await accounts.touch_keys(engine, {"AK": 7, "no": 7})
    await accounts.touch_key(engine, "AK", 6)
    assert (await accounts.get_key(engine, "AK")).last_used == 7
    await accounts.delete_key(engine, "AK")
    with pytest.raises(NotFound):
        await accounts.get_key(engine, "AS")


async def test_a_key_loses_the_buckets_that_go(
    backend: EngineBackend, engine: Engine, others: Engine
) -> None:
    await accounts.create_user(engine, "jane")
    for name in ("a_c", "abc"):
        await backend.create_bucket(name)
    for id, names in (("ONE", ["a_c"]), ("TWO", ["abc", "a_c"]), ("LIKE", ["abc"]), ("ALL", None)):
        await accounts.create_key(engine, id, b"", "jane", buckets=names)
    await accounts.create_key(engine, "SESSION", b"", "jane", session_of="ONE")
    await backend.delete_bucket("a_c")
    await backend.create_bucket("a_c")
    found = {key.id: key.buckets for key in await accounts.list_keys(engine, "jane")}
    assert found == {"TWO": '["abc"]', "LIKE": '["abc"]', "ALL": None}
    with pytest.raises(NotFound):
        await accounts.get_key(engine, "SESSION")
    await EngineBackend(others).create_bucket("abc")
    await backend.delete_bucket("abc")  # it may be the other one that they are good for
    assert (await accounts.get_key(engine, "LIKE")).buckets == '["abc"]'
    await backend.delete_bucket((await EngineBackend(others).get_bucket("abc")).id)
    with pytest.raises(NotFound):
        await accounts.get_key(engine, "LIKE")


async def test_keys_that_are_over_are_forgotten(engine: Engine) -> None:
    await accounts.create_user(engine, "jane")
    for id, expires in (("A", 5), ("B", 6), ("C", None)):
        await accounts.create_key(engine, id, b"", "jane", expires=expires)
    assert await accounts.forget_expired_keys(engine, 6) == 1
    assert [key.id for key in await accounts.list_keys(engine, "jane")] == ["B", "C"]


async def test_grants(backend: EngineBackend, engine: Engine) -> None:
    await accounts.create_user(engine, "jane")
    await accounts.create_org(engine, "acme")
    await accounts.put_grant(engine, "box", "user:jane", "read")
    await accounts.put_grant(engine, "box", "user:jane", "manage")
    await accounts.put_grant(engine, "box", "org:acme", "write")
    await accounts.put_grant(engine, "flat", "user:jane", "read")
    found = [(grant.grantee, grant.level) for grant in await accounts.list_grants(engine, "box")]
    assert found == [("org:acme", "write"), ("user:jane", "manage")]
    page = await accounts.list_grants(engine, "box", after="org:acme", limit=1)
    assert [grant.grantee for grant in page] == ["user:jane"]
    given = await accounts.list_grants_to(engine, "user:jane")
    assert [grant.level for grant in given] == ["manage", "read"]
    rest = await accounts.list_grants_to(engine, "user:jane", after=given[0].bucket)
    assert [grant.level for grant in rest] == ["read"]
    for grantee, level in (("jane", "read"), ("group:jane", "read"), ("user:jane", "all")):
        with pytest.raises(InvalidArgument):
            await accounts.put_grant(engine, "box", grantee, level)
    await accounts.delete_grant(engine, "box", "user:jane")
    await backend.delete_bucket("box")
    assert await rows_of(backend, "grants") == 1


async def test_what_goes_with_an_account(
    backend: EngineBackend, engine: Engine, others: Engine
) -> None:
    await accounts.create_user(engine, "other")
    await accounts.create_org(engine, "acme")
    await accounts.put_member(engine, "acme", "other", "owner")
    await accounts.create_key(engine, "AK", b"", "other")
    await accounts.put_grant(engine, "box", "user:other", "read")
    await accounts.put_grant(engine, "box", "org:acme", "read")
    await EngineBackend(others).create_bucket("theirs")
    org = Engine(engine.catalog, engine.payloads, "org:acme", background=engine.background)
    await EngineBackend(org).create_bucket("ours")
    for call in (accounts.delete_user(engine, "other"), accounts.delete_org(engine, "acme")):
        with pytest.raises(Conflict):
            await call
    await EngineBackend(others).delete_bucket("theirs")
    await EngineBackend(org).delete_bucket("ours")
    await accounts.delete_user(engine, "other")
    assert [await rows_of(backend, t) for t in ("access_keys", "members", "grants")] == [0, 0, 1]
    await accounts.delete_org(engine, "acme")
    assert [await rows_of(backend, t) for t in ("users", "orgs", "grants")] == [0, 0, 0]


async def test_a_name_is_given_once(engine: Engine) -> None:
    calls = [accounts.create_user(engine, "jane") for _ in range(10)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 9


async def test_limits_of_pages(engine: Engine) -> None:
    for limit in (0, 10_001):
        with pytest.raises(InvalidArgument):
            await accounts.list_users(engine, limit=limit)
