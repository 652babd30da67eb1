"""Signed URLs."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument
from tests.server.whole import Whole, control, s3

KEY = "a//b ü?#%&+='"


def fetched(url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, method=method, data=body)
    with urllib.request.urlopen(request) as answer:
        content: bytes = answer.read()
    return content


async def test_whoever_holds_it_may_read(whole: Whole, admin: Remote, bucket: str) -> None:
    s3(whole.profile).put_object(Bucket=bucket, Key=KEY, Body=b"shared")
    signed = await admin.post("/urls", bucket=bucket, key=KEY)
    assert fetched(signed["url"]) == b"shared"
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        fetched(signed["url"], "PUT", b"y")
    caught.value.close()


async def test_whoever_holds_it_may_write(whole: Whole, admin: Remote, bucket: str) -> None:
    signed = await admin.post("/urls", bucket=bucket, key=KEY, method="PUT", expires_in=60)
    fetched(signed["url"], "PUT", b"brought")
    assert s3(whole.profile).get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"brought"


async def test_an_old_version(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    version = client.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    client.put_object(Bucket=bucket, Key="k", Body=b"new")
    signed = await admin.post("/urls", bucket=bucket, key="k", version=version)
    assert fetched(signed["url"]) == b"old"


async def test_temporary_credentials_sign_too(whole: Whole, admin: Remote, bucket: str) -> None:
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"x")
    made = await admin.post("/credentials", read_only=True)
    async with control(whole.with_key(made)) as temporary:
        signed = await temporary.post("/urls", bucket=bucket, key="k")
        assert fetched(signed["url"]) == b"x"
        forged = await temporary.post("/urls", bucket=bucket, key="k", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        fetched(forged["url"], "PUT", b"y")
    caught.value.close()


@pytest.mark.parametrize(
    "wish",
    [{"expires_in": 0}, {"expires_in": 604_801}, {"method": "PATCH"}, {"key": ""}, {"bucket": ""}],
)
async def test_wrong_wishes(admin: Remote, bucket: str, wish: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/urls", **{"bucket": bucket, "key": "k", **wish})
