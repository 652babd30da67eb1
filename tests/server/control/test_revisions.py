"""Revisions of an object."""

from __future__ import annotations

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3

KEY = "a//b ü?#%"


async def test_the_past_is_listed_and_comes_back(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    for body in (b"first", b"second!"):
        client.put_object(Bucket=bucket, Key=KEY, Body=body)
    path = f"/buckets/{bucket}/revisions"
    listed = (await admin.get(path, key=KEY))["items"]
    assert [(each["number"], each["size"], each["is_current"]) for each in listed] == [
        (1, 7, True),
        (0, 5, False),
    ]
    first = await admin.get(path, key=KEY, limit="1")
    second = await admin.get(path, key=KEY, limit="1", after=first["next"])
    assert [first["items"] + second["items"], second["next"]] == [listed, None]
    restored = await admin.post(f"/buckets/{bucket}/restore", key=KEY, number=0)
    assert restored["number"] == 2
    assert client.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"first"


async def test_a_deletion_is_taken_back(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    client.put_object(Bucket=bucket, Key=KEY, Body=b"kept")
    with pytest.raises(Conflict):
        await admin.post(f"/buckets/{bucket}/undelete", key=KEY)
    client.delete_object(Bucket=bucket, Key=KEY)
    assert (await admin.get(f"/buckets/{bucket}/revisions", key=KEY))["items"][0]["is_marker"]
    await admin.post(f"/buckets/{bucket}/undelete", key=KEY)
    assert client.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"kept"


async def test_readers_do_not_restore(
    whole: Whole, admin: Remote, login: Login, bucket: str, fresh: str
) -> None:
    s3(whole.profile).put_object(Bucket=bucket, Key=KEY, Body=b"x")
    reader = await login(fresh)
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}", level="read")
    assert (await reader.get(f"/buckets/{bucket}/revisions", key=KEY))["items"]
    with pytest.raises(PermissionDenied):
        await reader.post(f"/buckets/{bucket}/restore", key=KEY, number=0)
    with pytest.raises(PermissionDenied):
        await reader.post(f"/buckets/{bucket}/undelete", key=KEY)


async def test_what_never_was(admin: Remote, bucket: str) -> None:
    assert (await admin.get(f"/buckets/{bucket}/revisions", key="no"))["items"] == []
    with pytest.raises(NotFound):
        await admin.post(f"/buckets/{bucket}/restore", key="no", number=0)
