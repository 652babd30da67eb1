"""Temporary credentials."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument, PermissionDenied
from tests.server.whole import Whole, control, s3

ONLY_READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


async def test_they_do_what_their_maker_may(whole: Whole, admin: Remote, bucket: str) -> None:
    made = await admin.post("/credentials", seconds=60)
    assert made["access_key"].startswith("ASIA")
    assert made["endpoint"] == whole.endpoint
    client = s3(whole.with_key(made))
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


async def test_they_are_narrowed(whole: Whole, admin: Remote, bucket: str, fresh: str) -> None:
    other = f"{fresh}o"
    await admin.post("/buckets", name=other)
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"x")
    made = await admin.post("/credentials", buckets=[bucket], policy=json.dumps(ONLY_READ))
    client = s3(whole.with_key(made))
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    for refused in (
        lambda: client.put_object(Bucket=bucket, Key="k", Body=b"y"),
        lambda: client.list_objects_v2(Bucket=bucket),
        lambda: client.list_objects_v2(Bucket=other),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


async def test_they_end_with_their_parent(whole: Whole, admin: Remote, bucket: str) -> None:
    parent = await admin.post("/keys")
    async with control(whole.with_key(parent)) as user:
        client = s3(whole.with_key(await user.post("/credentials")))
    client.list_objects_v2(Bucket=bucket)
    await admin.delete(f"/keys/{parent['id']}")
    with pytest.raises(ClientError) as caught:
        client.list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Code"] == "InvalidAccessKeyId"


async def test_they_make_nothing_that_outlives_them(whole: Whole, admin: Remote) -> None:
    async with control(whole.with_key(await admin.post("/credentials"))) as temporary:
        for refused in (
            temporary.post("/credentials"),
            temporary.post("/keys"),
            temporary.post("/users", name="other"),
        ):
            with pytest.raises(PermissionDenied):
                await refused


async def test_a_token_of_another_key_is_refused(whole: Whole, admin: Remote) -> None:
    one, other = [await admin.post("/credentials") for _ in range(2)]
    client = s3(whole.with_key(one | {"session_token": other["session_token"]}))
    with pytest.raises(ClientError) as caught:
        client.list_buckets()
    assert caught.value.response["Error"]["Code"] == "InvalidToken"


@pytest.mark.parametrize(
    "wish",
    [
        {"seconds": 59},
        {"seconds": 129_601},
        {"policy": "{"},
        {"policy": "x" * 2049},
        {"buckets": ["Bad Name"]},
    ],
)
async def test_wrong_wishes(admin: Remote, wish: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/credentials", **wish)
