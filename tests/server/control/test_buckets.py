"""Buckets of the control plane."""

from __future__ import annotations

import aiohttp
import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3


async def test_a_bucket_is_made_found_and_deleted(whole: Whole, admin: Remote, fresh: str) -> None:
    made = await admin.post("/buckets", name=fresh)
    assert (made["versioning"], made["public"], made["locked"]) == ("enabled", False, False)
    assert await admin.get(f"/buckets/{fresh}") == made
    assert made in [bucket async for bucket in admin.every("/buckets", prefix=fresh)]
    s3(whole.profile).put_object(Bucket=fresh, Key="k", Body=b"12345")
    usage = await admin.get(f"/buckets/{fresh}/usage")
    assert (usage["blobs"], usage["bytes"]) == (1, 5)
    with pytest.raises(Conflict):
        await admin.delete(f"/buckets/{fresh}")
    await admin.delete(f"/buckets/{fresh}", force="true")
    with pytest.raises(NotFound):
        await admin.get(f"/buckets/{fresh}")


async def test_a_name_is_taken_whoever_has_it(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/buckets", name=fresh)
    user = await login(fresh)
    with pytest.raises(Conflict):
        await user.post("/buckets", name=fresh)


@pytest.mark.parametrize("name", ["api", "metrics", "healthz", "-a", "A", "a..b", "1.2.3.4"])
async def test_bad_names(admin: Remote, name: str) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/buckets", name=name)


async def test_it_is_opened_and_closed(whole: Whole, admin: Remote, bucket: str) -> None:
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"open")
    url = f"{whole.endpoint}/{bucket}/k"
    async with aiohttp.ClientSession() as session:
        for public, status in ((False, 403), (True, 200), (False, 403)):
            changed = await admin.patch(f"/buckets/{bucket}", public=public)
            assert changed["public"] is public
            async with session.get(url) as answer:
                assert answer.status == status
                assert (await answer.read() == b"open") is public


async def test_versioning_is_switched(admin: Remote, bucket: str) -> None:
    changed = await admin.patch(f"/buckets/{bucket}", versioning="suspended")
    assert changed["versioning"] == "suspended"
    with pytest.raises(InvalidArgument):
        await admin.patch(f"/buckets/{bucket}", versioning="off")


async def test_strangers_learn_nothing(login: Login, bucket: str, fresh: str) -> None:
    stranger = await login(fresh)
    for path in (f"/buckets/{bucket}", f"/buckets/{bucket}/usage", f"/buckets/{bucket}/grants"):
        with pytest.raises(NotFound) as there:
            await stranger.get(path)
        with pytest.raises(NotFound) as absent:
            await stranger.get(path.replace(bucket, "not-there"))
        assert str(there.value).replace(bucket, "not-there") == str(absent.value)
    with pytest.raises(NotFound):
        await stranger.delete(f"/buckets/{bucket}", force="true")
    assert (await stranger.get("/buckets"))["items"] == []
    with pytest.raises(PermissionDenied):
        await stranger.get("/buckets", owner="admin")


async def test_readers_do_not_manage(admin: Remote, login: Login, bucket: str, fresh: str) -> None:
    reader = await login(fresh)
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}", level="read")
    assert (await reader.get(f"/buckets/{bucket}"))["name"] == bucket
    for refused in (
        reader.patch(f"/buckets/{bucket}", public=True),
        reader.patch(f"/buckets/{bucket}", versioning="suspended"),
        reader.delete(f"/buckets/{bucket}"),
        reader.get(f"/buckets/{bucket}/grants"),
        reader.put(f"/buckets/{bucket}/grants/user:{fresh}", level="manage"),
    ):
        with pytest.raises(PermissionDenied):
            await refused
