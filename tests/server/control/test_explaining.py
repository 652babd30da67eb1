"""Explanations: which rule of which document decides."""

from __future__ import annotations

import json

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import Whole, control, s3


async def answer(admin: Remote, bucket: str, operation: str, **who: object) -> tuple[bool, str]:
    found = await admin.post("/explain", operation=operation, bucket=bucket, key="k", **who)
    assert found["rule"] in found["text"]
    return found["allowed"], found["document"]


async def test_each_document_is_named(
    whole: Whole, admin: Remote, login: Login, bucket: str, fresh: str
) -> None:
    await login(fresh)
    anonymous = {"user": "anonymous"}
    assert await answer(admin, bucket, "GetObject", **anonymous) == (False, "no document")
    assert await answer(admin, bucket, "GetObject", user="admin") == (True, "users")
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}", level="read")
    assert await answer(admin, bucket, "GetObject", user=fresh) == (True, "bucket grants")
    assert await answer(admin, bucket, "PutObject", user=fresh) == (False, "no document")
    await admin.patch(f"/buckets/{bucket}", public=True)
    assert await answer(admin, bucket, "s3:GetObject", **anonymous) == (True, "bucket")
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Home",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        },
    }
    s3(whole.profile).put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    found = await admin.post("/explain", operation="GetObject", bucket=bucket, key="k", user=fresh)
    assert (found["allowed"], found["document"]) == (False, "bucket policy")
    assert "'Home'" in found["rule"]
    assert await answer(admin, bucket, "GetObject", user=fresh, source_ip="10.1.1.1") == (
        True,
        "bucket grants",
    )


async def test_a_keys_own_limits(admin: Remote, bucket: str) -> None:
    key = await admin.post("/keys", read_only=True)
    assert await answer(admin, bucket, "PutObject", access_key=key["id"]) == (False, "access key")
    assert await answer(admin, bucket, "GetObject", access_key=key["id"]) == (True, "users")


async def test_only_managers_ask(admin: Remote, login: Login, bucket: str, fresh: str) -> None:
    user = await login(fresh)
    with pytest.raises(NotFound):
        await answer(user, bucket, "GetObject")
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}", level="write")
    with pytest.raises(PermissionDenied):
        await answer(user, bucket, "GetObject")
    await admin.put(f"/buckets/{bucket}/grants/user:{fresh}", level="manage")
    assert await answer(user, bucket, "GetObject") == (True, "bucket grants")


async def test_without_a_word_it_is_the_key_that_asks(
    whole: Whole, admin: Remote, bucket: str
) -> None:
    assert await answer(admin, bucket, "PutObject") == (True, "users")
    made = await admin.post("/keys", read_only=True)
    async with control(whole.with_key(made)) as narrowed:
        assert await answer(narrowed, bucket, "GetObject") == (True, "users")
        assert await answer(narrowed, bucket, "PutObject") == (False, "access key")


async def test_unknown_words(admin: Remote, bucket: str) -> None:
    with pytest.raises(InvalidArgument):
        await answer(admin, bucket, "FlyToTheMoon")
    with pytest.raises(NotFound):
        await answer(admin, bucket, "GetObject", user="nobody")
    with pytest.raises(NotFound):
        await answer(admin, bucket, "GetObject", access_key="AKIANOBODY")
