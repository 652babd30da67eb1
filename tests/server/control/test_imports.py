"""Buckets at other providers: moto stands in for AWS, another server of ours for MinIO."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from holdall.cli.remote import Remote
from holdall.core.errors import (
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from holdall.testing.moto import MotoServer, moto_server
from tests.server.control.conftest import Login
from tests.server.control.importing import imported, other, own, strict, whole
from tests.server.control.inside import Inside, inside, said
from tests.server.whole import Whole, control, s3

__all__ = ["imported", "inside", "moto_server", "other", "own", "strict", "whole"]

SECRET = "their-own-secret-that-nobody-sees"


@pytest.fixture
def theirs(other: Whole, fresh: str) -> str:
    """A bucket at the other server, with an object."""
    client = s3(other.profile)
    client.create_bucket(Bucket=f"their-{fresh}")
    client.put_object(Bucket=f"their-{fresh}", Key="a/b c", Body=b"theirs")
    return f"their-{fresh}"


@pytest.fixture
def wanted(other: Whole, theirs: str, fresh: str) -> dict[str, Any]:
    """What to send to import it."""
    return {
        "provider": "minio",
        "name": fresh,
        "provider_bucket_name": theirs,
        "credentials": {
            "region_name": other.profile.region,
            "endpoint_url": other.endpoint,
            "access_key_id": other.profile.access_key,
            "secret_access_key": other.profile.secret_key,
        },
    }


def used(made: dict[str, Any]) -> Any:
    """A client with what the control plane handed out."""
    return boto3.client(
        "s3",
        endpoint_url=made["endpoint_url"],
        region_name=made["region_name"],
        aws_access_key_id=made["access_key_id"],
        aws_secret_access_key=made["secret_access_key"],
        aws_session_token=made["session_token"],
    )


def fetched(url: str, data: bytes | None = None) -> bytes:
    """What a signed address gives; with `data`, what putting them does."""
    method = "GET" if data is None else "PUT"
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


async def test_a_bucket_is_imported_and_shown(
    whole: Whole, admin: Remote, wanted: dict[str, Any], theirs: str
) -> None:
    made = await admin.post("/buckets/import", **wanted)
    shown = ("imported", "provider", "provider_bucket_name", "versioning")
    assert [made[name] for name in shown] == [True, "minio", theirs, "off"]
    assert await admin.get(f"/buckets/{wanted['name']}") == made
    assert made in [bucket async for bucket in admin.every("/buckets")]
    plain = await admin.post("/buckets", name=f"p{wanted['name']}")
    assert [plain[name] for name in shown[:3]] == [False, "holdall", plain["name"]]
    with pytest.raises(Conflict):
        await admin.post("/buckets/import", **wanted)


async def test_credentials_are_nowhere_to_be_read(
    whole: Whole,
    other: Whole,
    admin: Remote,
    imported: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        texts = [
            json.dumps(await admin.get(f"/buckets/{imported}")),
            json.dumps([each async for each in admin.every("/buckets")]),
            json.dumps(await admin.post(f"/buckets/{imported}/sign-url", key="k")),
            json.dumps(await admin.post(f"/buckets/{imported}/credentials")),
        ]
    secret = other.profile.secret_key
    assert not any(secret in text for text in [*texts, caplog.text])
    files = [path for path in whole.options.directory.rglob("*") if path.is_file()]
    assert files
    assert not any(secret.encode() in path.read_bytes() for path in files)
    assert not any(other.profile.access_key.encode() in path.read_bytes() for path in files)


async def test_what_is_wrong_is_said_before_anything_is_kept(
    whole: Whole, other: Whole, admin: Remote, wanted: dict[str, Any]
) -> None:
    good = wanted["credentials"]
    wrong: list[dict[str, Any]] = [
        {"credentials": {**good, "secret_access_key": SECRET}},
        {"credentials": {**good, "access_key_id": "AKIDNOBODY"}},
        {"provider_bucket_name": "not-there"},
        {"credentials": {**good, "endpoint_url": "http://127.0.0.1:1"}},
        {"credentials": {**good, "endpoint_url": "http://nowhere.invalid"}},
        {"credentials": {**good, "endpoint_url": "http://169.254.169.254"}},
    ]
    for change in wrong:
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, **change})
        assert caught.value.facts["code"] in ("ProviderRefused", "ProviderUnreachable")
        assert SECRET not in str(caught.value)
    with pytest.raises(NotFound):
        await admin.get(f"/buckets/{wanted['name']}")


BAD_URLS = [
    *("ftp://x", "file:///etc/passwd", "http://", "//x", "x", "http://u:p@x", "http://x/path"),
    *(f"http://{'a' * 64}.x", "http://.x", "http://x..y", "http://x:99999", "http://x:y"),
    *("http://x?q", "http://x#f", "http://[::1", "http://x y", "gopher://x", "http://x/../y"),
]


async def test_what_is_malformed(admin: Remote, wanted: dict[str, Any]) -> None:
    good = wanted["credentials"]
    wrong: list[dict[str, Any]] = [
        *({"credentials": {**good, "endpoint_url": url}} for url in BAD_URLS),
        {"credentials": {**good, "endpoint_url": None}},
        {"credentials": {**good, "region_name": "x.evil.example.com/"}},
        {"credentials": {**good, "bucket_name": "another"}},
        {"credentials": {**good, "access_key_id": "a\r\nb"}},
        {"credentials": {**good, "secret_access_key": ""}},
        {"credentials": {**good, "session_token": "t\u00f6ken"}},
        {"credentials": {**good, "session_token": "a\r\nb: c"}},
        {"provider_bucket_name": None},
        {"provider_bucket_name": "../up"},
        {"provider": "gcp"},
        {"name": "healthz"},
        {"name": "UPPER"},
    ]
    for change in wrong:
        with pytest.raises(InvalidArgument):
            await admin.post("/buckets/import", **{**wanted, **change})


async def test_the_inside_is_not_for_importing(strict: Whole, wanted: dict[str, Any]) -> None:
    async with control(strict.profile) as admin:
        with pytest.raises(InvalidArgument, match="does not connect to"):
            await admin.post("/buckets/import", **wanted)


async def test_a_server_that_answers_anything_tells_nothing(
    admin: Remote, wanted: dict[str, Any], inside: Inside
) -> None:
    """What it says may be the inside of somebody's network."""
    body = b"<Error><Code>internal-password</Code><Message>hunter2</Message></Error>"
    inside.answer = said("400 Bad", body)
    given = {**wanted["credentials"], "endpoint_url": inside.by("127.0.0.1")}
    with pytest.raises(InvalidArgument) as caught:
        await admin.post("/buckets/import", **{**wanted, "credentials": given})
    assert inside.met == 1
    assert "hunter2" not in str(caught.value)
    assert "internal-password" not in str(caught.value)


async def test_addresses_are_signed_for_those_who_may(
    admin: Remote, login: Login, imported: str, theirs: str, other: Whole, fresh: str
) -> None:
    user = await login(f"u{fresh}")
    with pytest.raises(NotFound):
        await user.post(f"/buckets/{imported}/sign-url", key="a/b c")
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(f"/buckets/{imported}/sign-url", key="a/b c", expires_in=60)
    assert made["url"].startswith(f"{other.endpoint}/{theirs}/a/b%20c?")
    assert fetched(made["url"]) == b"theirs"
    for method in ("PUT", "DELETE"):
        with pytest.raises(PermissionDenied):
            await user.post(f"/buckets/{imported}/sign-url", key="a/b c", method=method)
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="write")
    made = await user.post(f"/buckets/{imported}/sign-url", key="new", method="PUT")
    assert fetched(made["url"], b"written") == b""
    assert s3(other.profile).get_object(Bucket=theirs, Key="new")["Body"].read() == b"written"
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(made["url"].replace("/new", "/other"), b"x")
    caught.value.close()


async def test_credentials_reach_this_bucket_and_no_further(
    admin: Remote, login: Login, imported: str, theirs: str, other: Whole, fresh: str
) -> None:
    s3(other.profile).create_bucket(Bucket=f"more-{fresh}")
    user = await login(f"u{fresh}")
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(f"/buckets/{imported}/credentials", seconds=900)
    assert (made["bucket_name"], made["endpoint_url"]) == (theirs, other.endpoint)
    client = used(made)
    assert client.list_objects_v2(Bucket=theirs)["KeyCount"] == 1
    assert client.get_object(Bucket=theirs, Key="a/b c")["Body"].read() == b"theirs"
    for refused in (
        lambda: client.put_object(Bucket=theirs, Key="k", Body=b"x"),
        lambda: client.delete_object(Bucket=theirs, Key="a/b c"),
        lambda: client.list_objects_v2(Bucket=f"more-{fresh}"),
        lambda: client.delete_bucket(Bucket=theirs),
        lambda: client.put_bucket_policy(Bucket=theirs, Policy="{}"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    with pytest.raises(PermissionDenied):
        await user.post(f"/buckets/{imported}/credentials", access="write")
    made = await admin.post(f"/buckets/{imported}/credentials", access="write")
    used(made).put_object(Bucket=theirs, Key="k", Body=b"x")
    used(made).delete_object(Bucket=theirs, Key="k")
    with pytest.raises(ClientError, match="AccessDenied"):
        used(made).put_object(Bucket=f"more-{fresh}", Key="k", Body=b"x")


async def test_a_narrowed_key_gets_no_more_than_it_is(
    whole: Whole, admin: Remote, imported: str
) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    narrowed = whole.with_key(await admin.post("/credentials", policy=json.dumps(policy)))
    reading = whole.with_key(await admin.post("/credentials", read_only=True))
    async with control(narrowed) as caller:
        assert await caller.post(f"/buckets/{imported}/sign-url", key="k")
        with pytest.raises(HoldallError) as caught:
            await caller.post(f"/buckets/{imported}/credentials")
        assert caught.value.facts["code"] == "NotSupported"
    async with control(reading) as caller:
        assert await caller.post(f"/buckets/{imported}/credentials")
        with pytest.raises(PermissionDenied):
            await caller.post(f"/buckets/{imported}/credentials", access="write")
        with pytest.raises(PermissionDenied):
            await caller.post(f"/buckets/{imported}/sign-url", key="k", method="PUT")


async def test_a_provider_without_such_credentials(admin: Remote, wanted: dict[str, Any]) -> None:
    await admin.post("/buckets/import", **{**wanted, "provider": "s3"})
    with pytest.raises(HoldallError, match="signed addresses") as caught:
        await admin.post(f"/buckets/{wanted['name']}/credentials")
    assert caught.value.facts["code"] == "NotSupported"
    assert await admin.post(f"/buckets/{wanted['name']}/sign-url", key="k")


async def test_aws_by_moto(admin: Remote, moto_server: MotoServer, fresh: str) -> None:
    keys = moto_server.credentials
    given = {
        "endpoint_url": moto_server.endpoint_url,
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "bucket_name": f"aws-{fresh}",
    }
    client = boto3.client(
        "s3",
        endpoint_url=moto_server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )
    client.create_bucket(Bucket=f"aws-{fresh}")
    client.put_object(Bucket=f"aws-{fresh}", Key="k", Body=b"at aws")
    made = await admin.post("/buckets/import", provider="aws", name=fresh, credentials=given)
    assert (made["provider"], made["provider_bucket_name"]) == ("aws", f"aws-{fresh}")
    url = (await admin.post(f"/buckets/{fresh}/sign-url", key="k"))["url"]
    assert fetched(url) == b"at aws"
    scoped = await admin.post(f"/buckets/{fresh}/credentials")
    assert scoped["access_key_id"] != keys.access_key
    assert used(scoped).get_object(Bucket=f"aws-{fresh}", Key="k")["Body"].read() == b"at aws"
    await admin.delete(f"/buckets/{fresh}")
    assert client.get_object(Bucket=f"aws-{fresh}", Key="k")["Body"].read() == b"at aws"


async def test_s3_says_that_it_lives_elsewhere(
    whole: Whole, admin: Remote, login: Login, imported: str, theirs: str, other: Whole, fresh: str
) -> None:
    client = s3(whole.profile)
    assert imported in [each["Name"] for each in client.list_buckets()["Buckets"]]
    client.create_bucket(Bucket=f"own-{fresh}")
    source = {"Bucket": imported, "Key": "a/b c"}
    for asked in (
        lambda: client.get_object(Bucket=imported, Key="a/b c"),
        lambda: client.put_object(Bucket=imported, Key="k", Body=b"x"),
        lambda: client.delete_object(Bucket=imported, Key="k"),
        lambda: client.delete_objects(Bucket=imported, Delete={"Objects": [{"Key": "k"}]}),
        lambda: client.list_objects_v2(Bucket=imported),
        lambda: client.list_object_versions(Bucket=imported),
        lambda: client.create_multipart_upload(Bucket=imported, Key="k"),
        lambda: client.copy_object(Bucket=f"own-{fresh}", Key="k", CopySource=source),
        lambda: client.put_bucket_versioning(
            Bucket=imported, VersioningConfiguration={"Status": "Enabled"}
        ),
        lambda: client.get_bucket_location(Bucket=imported),
    ):
        with pytest.raises(ClientError, match="another provider") as caught:
            asked()
        assert caught.value.response["Error"]["Code"] == "InvalidBucketState"
    with pytest.raises(ClientError) as caught:
        client.head_bucket(Bucket=imported)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    key = await login(f"u{fresh}")
    stranger = s3(key.profile)
    for asked in (
        lambda: stranger.get_object(Bucket=imported, Key="a/b c"),
        lambda: stranger.delete_objects(Bucket=imported, Delete={"Objects": [{"Key": "k"}]}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            asked()
    client.delete_bucket(Bucket=imported)
    assert s3(other.profile).get_object(Bucket=theirs, Key="a/b c")["Body"].read() == b"theirs"


async def test_what_the_control_plane_cannot_say_of_it(admin: Remote, imported: str) -> None:
    place = f"/buckets/{imported}"
    for method, path, query, body in (
        ("GET", f"{place}/usage", {}, None),
        ("GET", f"{place}/revisions", {"key": "k"}, None),
        ("POST", f"{place}/lifecycle/run", {}, None),
        ("POST", f"{place}/undelete", {}, {"key": "k"}),
        ("PATCH", place, {}, {"public": True}),
    ):
        with pytest.raises(Conflict, match="another provider"):
            await admin.send(method, path, query=query, body=body)


async def test_only_the_record_is_deleted(
    whole: Whole, other: Whole, admin: Remote, imported: str, theirs: str
) -> None:
    await admin.delete(f"/buckets/{imported}", force="true")
    with pytest.raises(NotFound):
        await admin.get(f"/buckets/{imported}")
    assert s3(other.profile).get_object(Bucket=theirs, Key="a/b c")["Body"].read() == b"theirs"


async def test_a_new_master_key_opens_them(own: Whole, wanted: dict[str, Any]) -> None:
    async with control(own.profile) as admin:
        await admin.post("/buckets/import", **wanted)
        rotated = await admin.post("/master-keys")
        assert rotated["resealed"]["imports"] == 1
        path = own.options.directory / "master-key"
        path.write_text(path.read_text().splitlines()[0] + "\n")
        made = await admin.post(f"/buckets/{wanted['name']}/sign-url", key="a/b c")
        assert fetched(made["url"]) == b"theirs"
        path.write_text("11" * 32)
        for route, body in (("sign-url", {"key": "k"}), ("credentials", {})):
            with pytest.raises(Conflict, match="import it again"):
                await admin.post(f"/buckets/{wanted['name']}/{route}", **body)


async def test_a_bucket_of_our_own_by_the_same_routes(
    whole: Whole, admin: Remote, bucket: str
) -> None:
    s3(whole.profile).put_object(Bucket=bucket, Key="k", Body=b"ours")
    made = await admin.post(f"/buckets/{bucket}/sign-url", key="k")
    assert fetched(made["url"]) == b"ours"
    reading = used(await admin.post(f"/buckets/{bucket}/credentials"))
    assert reading.get_object(Bucket=bucket, Key="k")["Body"].read() == b"ours"
    with pytest.raises(ClientError, match="AccessDenied"):
        reading.put_object(Bucket=bucket, Key="k", Body=b"x")
    writing = used(await admin.post(f"/buckets/{bucket}/credentials", access="write"))
    writing.put_object(Bucket=bucket, Key="k", Body=b"x")
