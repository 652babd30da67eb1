"""Access keys: made, narrowed, revoked."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import ROOT, Whole, control, s3


async def test_the_secret_is_shown_once(admin: Remote, login: Login, fresh: str) -> None:
    await login(fresh)
    made = await admin.post("/keys", user=fresh, name="laptop")
    assert len(made["secret_key"]) == 40
    seen = await admin.get(f"/keys/{made['id']}")
    assert "secret_key" not in seen
    assert (seen["name"], seen["buckets"], seen["read_only"]) == ("laptop", None, False)
    listed = (await admin.get("/keys", user=fresh))["items"]
    assert seen in listed
    assert made["secret_key"] not in str(listed)


async def test_a_key_ends_at_once_when_it_is_revoked(
    whole: Whole, admin: Remote, bucket: str
) -> None:
    made = await admin.post("/keys")
    client = s3(whole.with_key(made))
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    await admin.delete(f"/keys/{made['id']}")
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=bucket, Key="k")
    assert caught.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    with pytest.raises(NotFound):
        await admin.delete(f"/keys/{made['id']}")


async def test_a_key_for_reading_does_not_write(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.with_key(await admin.post("/keys", read_only=True)))
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=bucket, Key="k", Body=b"y")


async def test_a_key_for_one_bucket_reaches_no_other(
    whole: Whole, admin: Remote, bucket: str, fresh: str
) -> None:
    other = f"{fresh}o"
    await admin.post("/buckets", name=other)
    key = await admin.post("/keys", buckets=[bucket])
    client = s3(whole.with_key(key))
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=other, Key="k", Body=b"x")
    async with control(whole.with_key(key)) as narrow:
        assert [b["name"] for b in (await narrow.get("/buckets"))["items"]] == [bucket]
        with pytest.raises(NotFound):
            await narrow.get(f"/buckets/{other}")


async def test_a_key_does_not_reach_the_next_bucket_of_that_name(
    whole: Whole, admin: Remote, bucket: str, fresh: str
) -> None:
    other = f"{fresh}o"
    await admin.post("/buckets", name=other)
    alone = await admin.post("/keys", buckets=[other])
    client = s3(whole.with_key(await admin.post("/keys", buckets=[bucket, other])))
    client.put_object(Bucket=other, Key="k", Body=b"x")
    await admin.delete(f"/buckets/{other}", force="true")
    await admin.post("/buckets", name=other)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=other, Key="k", Body=b"x")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        s3(whole.with_key(alone)).list_objects_v2(Bucket=other)


async def test_nothing_is_made_that_is_over_already(admin: Remote) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/keys", expires_at="2001-01-01T00:00:00Z")
    with pytest.raises(InvalidArgument):
        await admin.post("/keys", expires_at="2999-01-01T00:00:00")  # of which zone?


@pytest.mark.parametrize("limits", [{"read_only": True}, {"buckets": ["some"]}, {"buckets": []}])
async def test_a_narrow_key_makes_no_wider_one(
    login: Login, fresh: str, limits: dict[str, object]
) -> None:
    narrow = await login(fresh, **limits)
    with pytest.raises(PermissionDenied):
        await narrow.post("/keys")
    [own] = (await narrow.get("/keys"))["items"]
    with pytest.raises(PermissionDenied):
        await narrow.delete(f"/keys/{own['id']}")


async def test_the_keys_of_others_are_not_there(admin: Remote, login: Login, fresh: str) -> None:
    user = await login(fresh)
    [own] = (await user.get("/keys"))["items"]
    assert own["user"] == fresh
    foreign = await admin.post("/keys")
    with pytest.raises(NotFound):
        await user.get(f"/keys/{foreign['id']}")
    with pytest.raises(NotFound):
        await user.delete(f"/keys/{foreign['id']}")
    for ask in (user.get("/keys", user=ROOT), user.post("/keys", user=ROOT)):
        with pytest.raises(PermissionDenied):
            await ask
