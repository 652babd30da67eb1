"""Organisations and their members."""

from __future__ import annotations

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import ROOT


async def test_an_organisation_is_made_by_its_first_owner(admin: Remote, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    assert (await admin.get(f"/orgs/{fresh}/members"))["items"] == [{"user": ROOT, "role": "owner"}]
    with pytest.raises(Conflict):
        await admin.post("/orgs", name=fresh)
    await admin.delete(f"/orgs/{fresh}")
    with pytest.raises(NotFound):
        await admin.get(f"/orgs/{fresh}")


async def test_users_make_none(login: Login, fresh: str) -> None:
    user = await login(fresh)
    with pytest.raises(PermissionDenied):
        await user.post("/orgs", name=fresh)


async def test_who_does_not_belong_sees_nothing(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    stranger = await login(f"{fresh}s")
    assert (await stranger.get("/orgs"))["items"] == []
    for path in (f"/orgs/{fresh}", f"/orgs/{fresh}/members", "/orgs/nobody"):
        with pytest.raises(NotFound):
            await stranger.get(path)


@pytest.mark.parametrize(
    ("role", "may"),
    [("owner", "reader admin owner"), ("admin", "reader admin"), ("member", ""), ("reader", "")],
)
async def test_who_takes_in_whom(
    admin: Remote, login: Login, fresh: str, role: str, may: str
) -> None:
    await admin.post("/orgs", name=fresh)
    actor, other = f"{fresh}a", f"{fresh}b"
    user = await login(actor)
    await login(other)
    await admin.put(f"/orgs/{fresh}/members/{actor}", role=role)
    for wanted in ("reader", "admin", "owner"):
        path = f"/orgs/{fresh}/members/{other}"
        if wanted in may.split():
            assert (await user.put(path, role=wanted))["role"] == wanted
        else:
            with pytest.raises(PermissionDenied):
                await user.put(path, role=wanted)


async def test_an_admin_does_not_unmake_owners(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    user = await login(fresh)
    await admin.put(f"/orgs/{fresh}/members/{fresh}", role="admin")
    with pytest.raises(PermissionDenied):
        await user.put(f"/orgs/{fresh}/members/{ROOT}", role="reader")
    with pytest.raises(PermissionDenied):
        await user.delete(f"/orgs/{fresh}/members/{ROOT}")


async def test_anybody_may_leave(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    user = await login(fresh)
    await admin.put(f"/orgs/{fresh}/members/{fresh}", role="reader")
    assert [org["name"] for org in (await user.get("/orgs"))["items"]] == [fresh]
    await user.delete(f"/orgs/{fresh}/members/{fresh}")
    assert (await user.get("/orgs"))["items"] == []


async def test_nobody_unknown_becomes_a_member(admin: Remote, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    with pytest.raises(NotFound):
        await admin.put(f"/orgs/{fresh}/members/nobody", role="reader")
    with pytest.raises(InvalidArgument):
        await admin.put(f"/orgs/{fresh}/members/{ROOT}", role="king")


async def test_an_organisation_owns_buckets(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/orgs", name=fresh)
    member, reader = await login(f"{fresh}m"), await login(f"{fresh}r")
    await admin.put(f"/orgs/{fresh}/members/{fresh}m", role="admin")
    await admin.put(f"/orgs/{fresh}/members/{fresh}r", role="reader")
    made = await member.post("/buckets", name=fresh, owner=f"org:{fresh}")
    assert made["owner"] == f"org:{fresh}"
    with pytest.raises(PermissionDenied):
        await reader.post("/buckets", name=f"{fresh}x", owner=f"org:{fresh}")
    for user in (member, reader):
        assert await user.get(f"/buckets/{fresh}") == made
        listed = await user.get("/buckets", owner=f"org:{fresh}")
        assert [bucket["name"] for bucket in listed["items"]] == [fresh]
    with pytest.raises(Conflict):
        await admin.delete(f"/orgs/{fresh}")
