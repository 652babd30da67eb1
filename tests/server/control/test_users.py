"""Users of the control plane."""

from __future__ import annotations

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import ROOT, Whole, s3


async def test_a_user_is_made_changed_and_deleted(admin: Remote, fresh: str) -> None:
    made = await admin.post("/users", name=fresh, display="Ann")
    assert (made["name"], made["display"], made["is_admin"]) == (fresh, "Ann", False)
    assert len(made["canonical_id"]) == 64
    changed = await admin.patch(f"/users/{fresh}", is_admin=True)
    assert (changed["display"], changed["is_admin"]) == ("Ann", True)
    assert await admin.get(f"/users/{fresh}") == changed
    await admin.delete(f"/users/{fresh}")
    with pytest.raises(NotFound):
        await admin.get(f"/users/{fresh}")


async def test_a_name_is_taken_once(admin: Remote, fresh: str) -> None:
    await admin.post("/users", name=fresh)
    with pytest.raises(Conflict):
        await admin.post("/users", name=fresh)


@pytest.mark.parametrize("name", ["", "org:x", "a/b", "a b", "-a", "a" * 65, "a\x00b", "ü"])
async def test_a_name_that_could_be_mistaken_is_refused(admin: Remote, name: str) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/users", name=name)


@pytest.mark.parametrize("name", ["lifecycle", "anonymous"])
async def test_a_name_that_stands_for_no_user_is_refused(
    admin: Remote, name: str, fresh: str
) -> None:
    with pytest.raises(InvalidArgument, match="reserved"):
        await admin.post("/users", name=name)
    await admin.post("/users", name=f"{name}-{fresh}")


async def test_users_see_themselves_only(login: Login, fresh: str) -> None:
    user = await login(fresh)
    assert (await user.get(f"/users/{fresh}"))["name"] == fresh
    for path in ("/users", f"/users/{ROOT}"):
        with pytest.raises(PermissionDenied):
            await user.get(path)
    with pytest.raises(PermissionDenied):
        await user.patch(f"/users/{fresh}", is_admin=True)


async def test_an_administrator_by_right_may_do_everything(
    login: Login, admin: Remote, fresh: str
) -> None:
    user = await login(fresh)
    await admin.patch(f"/users/{fresh}", is_admin=True)
    assert await user.get(f"/users/{ROOT}")
    await admin.patch(f"/users/{fresh}", is_admin=False)
    with pytest.raises(PermissionDenied):
        await user.get(f"/users/{ROOT}")


async def test_the_servers_administrator_stays_one(admin: Remote) -> None:
    with pytest.raises(Conflict):
        await admin.delete(f"/users/{ROOT}")
    with pytest.raises(Conflict):
        await admin.patch(f"/users/{ROOT}", is_admin=False)


async def test_an_owner_of_buckets_is_not_deleted(login: Login, admin: Remote, fresh: str) -> None:
    user = await login(fresh)
    await user.post("/buckets", name=fresh)
    with pytest.raises(Conflict):
        await admin.delete(f"/users/{fresh}")
    await user.delete(f"/buckets/{fresh}")
    await admin.delete(f"/users/{fresh}")
    with pytest.raises(PermissionDenied):
        await user.get("/buckets")


async def test_a_new_user_can_be_named_in_access_lists_at_once(
    whole: Whole, admin: Remote, fresh: str, bucket: str
) -> None:
    made = await admin.post("/users", name=fresh)
    await_acl = s3(whole.profile)
    await_acl.put_bucket_acl(Bucket=bucket, GrantRead=f"id={made['canonical_id']}")
    grants = await_acl.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [grant["Grantee"]["ID"] for grant in grants] == [made["canonical_id"]]
