"""Grants: sharing a bucket."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument, NotFound
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3


async def test_a_bucket_is_shared_as_far_as_is_said(
    whole: Whole, admin: Remote, bucket: str, fresh: str
) -> None:
    await admin.post("/users", name=fresh)
    client = s3(whole.with_key(await admin.post("/keys", user=fresh)))
    place = f"/buckets/{bucket}/grants/user:{fresh}"
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.get_object(Bucket=bucket, Key="k")
    assert await admin.put(place, level="read") == {"grantee": f"user:{fresh}", "level": "read"}
    client.get_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=bucket, Key="k", Body=b"y")
    await admin.put(place, level="write")
    client.put_object(Bucket=bucket, Key="k", Body=b"y")
    await admin.delete(place)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.get_object(Bucket=bucket, Key="k")
    with pytest.raises(NotFound):
        await admin.delete(place)


async def test_managers_share_on(admin: Remote, login: Login, bucket: str, fresh: str) -> None:
    manager = await login(f"{fresh}m")
    await login(f"{fresh}o")
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}m", level="manage")
    await manager.put(f"/buckets/{bucket}/grants/user:{fresh}o", level="read")
    assert [grant async for grant in manager.every(f"/buckets/{bucket}/grants")] == [
        {"grantee": f"user:{fresh}m", "level": "manage"},
        {"grantee": f"user:{fresh}o", "level": "read"},
    ]


async def test_pages(admin: Remote, bucket: str, fresh: str) -> None:
    names = [f"{fresh}{number}" for number in range(3)]
    for name in names:
        await admin.post("/users", name=name)
        await admin.put(f"/buckets/{bucket}/grants/user:{name}", level="read")
    seen, after = [], ""
    while after is not None:
        page = await admin.get(f"/buckets/{bucket}/grants", limit="2", after=after)
        assert len(page["items"]) <= 2
        seen += [grant["grantee"] for grant in page["items"]]
        after = page["next"]
    assert seen == [f"user:{name}" for name in names]


async def test_who_is_not_there_gets_nothing(admin: Remote, bucket: str) -> None:
    for grantee in ("user:nobody", "org:nobody"):
        with pytest.raises(NotFound):
            await admin.put(f"/buckets/{bucket}/grants/{grantee}", level="read")
    for grantee, level in (("nobody", "read"), ("user:admin", "everything")):
        with pytest.raises(InvalidArgument):
            await admin.put(f"/buckets/{bucket}/grants/{grantee}", level=level)
