"""Blobs and uploads by the control plane: who may do what, and what is one step."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import (
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3

Call = Callable[[Remote, str], Awaitable[object]]

READS: dict[str, Call] = {
    "list": lambda remote, b: remote.get(f"/buckets/{b}/blobs"),
    "head": lambda remote, b: remote.get(f"/buckets/{b}/blob", key="k"),
    "history": lambda remote, b: remote.get(f"/buckets/{b}/blob/history", key="k"),
    "old": lambda remote, b: remote.get(f"/buckets/{b}/blob", key="k", number="0"),
}
WRITES: dict[str, Call] = {
    "delete": lambda remote, b: remote.post(f"/buckets/{b}/blob/delete", key="k"),
    "restore": lambda remote, b: remote.post(f"/buckets/{b}/blob/restore", key="k", number=0),
    "move": lambda remote, b: remote.post(
        f"/buckets/{b}/blob/move", key="k", to_bucket=b, to_key="moved"
    ),
    "undelete": lambda remote, b: remote.post(f"/buckets/{b}/blob/undelete", key="gone"),
}
PURGES: dict[str, Call] = {
    "purge": lambda remote, b: remote.post(f"/buckets/{b}/blob/purge", key="k"),
    "remove": lambda remote, b: remote.post(f"/buckets/{b}/blob/delete", key="k", number=0),
}
EVERY = READS | WRITES | PURGES


@pytest.fixture
def held(whole: Whole, bucket: str) -> str:
    """A bucket with two revisions of `k` and with `gone`, which was deleted."""
    client = s3(whole.profile)
    for body in (b"one", b"two"):
        client.put_object(Bucket=bucket, Key="k", Body=body)
    client.put_object(Bucket=bucket, Key="gone", Body=b"gone")
    client.delete_object(Bucket=bucket, Key="gone")
    return bucket


async def grant(admin: Remote, bucket: str, user: str, level: str) -> None:
    await admin.put(f"/buckets/{bucket}/grants/user:{user}", level=level)


@pytest.mark.parametrize("name", EVERY)
async def test_a_stranger_learns_nothing(held: str, login: Login, fresh: str, name: str) -> None:
    stranger = await login(f"u{fresh}")
    with pytest.raises(NotFound) as caught:
        await EVERY[name](stranger, held)
    assert caught.value.code == "BucketNotFound"


@pytest.mark.parametrize("name", EVERY)
async def test_a_reader_only_reads(
    held: str, admin: Remote, login: Login, fresh: str, name: str
) -> None:
    reader = await login(f"u{fresh}")
    await grant(admin, held, f"u{fresh}", "read")
    if name in READS:
        assert await EVERY[name](reader, held)
        return
    with pytest.raises(PermissionDenied):
        await EVERY[name](reader, held)
    assert [each["number"] for each in await _history(admin, held)] == [1, 0]


@pytest.mark.parametrize("name", EVERY)
async def test_a_key_that_only_reads_only_reads(held: str, login: Login, name: str) -> None:
    reader = await login("admin", read_only=True)
    if name in READS:
        assert await EVERY[name](reader, held)
        return
    with pytest.raises(PermissionDenied):
        await EVERY[name](reader, held)


@pytest.mark.parametrize("name", WRITES)
async def test_a_writer_writes(
    held: str, admin: Remote, login: Login, fresh: str, name: str
) -> None:
    writer = await login(f"u{fresh}")
    await grant(admin, held, f"u{fresh}", "write")
    assert await WRITES[name](writer, held)


async def test_several_are_deleted_as_far_as_one_may(
    held: str, whole: Whole, admin: Remote, login: Login, fresh: str
) -> None:
    writer = await login(f"u{fresh}")
    await grant(admin, held, f"u{fresh}", "write")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}
    policy = {**deny, "Resource": f"arn:aws:s3:::{held}/k"}
    s3(whole.profile).put_bucket_policy(Bucket=held, Policy=_document(policy))
    s3(whole.profile).put_object(Bucket=held, Key="other", Body=b"")
    keys = ["other", "k", "missing", "other"]
    told = (await writer.post(f"/buckets/{held}/blobs/delete", keys=keys))["items"]
    assert [(each["key"], each["error"]) for each in told] == [
        ("other", None),
        ("k", "PermissionDenied"),
        ("missing", None),
        ("other", None),
    ]
    assert [each["blob"]["key"] for each in await _listed(admin, held)] == ["k"]


async def test_who_may_list_and_not_read_learns_what_s3_tells(
    held: str, whole: Whole, login: Login, fresh: str
) -> None:
    client = s3(whole.profile)
    for key in ("open", "closed"):
        client.put_object(Bucket=held, Key=key, Body=b"1", Metadata={"m": "1"}, Tagging="t=1")
    lister = await login(f"u{fresh}")
    arn = f"arn:aws:s3:::{held}"
    lists = {"Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": arn}
    reads = {"Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"{arn}/open"}
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}}
    statements = [{**everybody, **each} for each in (lists, reads)]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client.delete_public_access_block(Bucket=held)
    client.put_bucket_policy(Bucket=held, Policy=document)
    told = {
        each["blob"]["key"]: (each["blob"]["metadata"], each["blob"]["tags"])
        for each in await _listed(lister, held)
    }
    assert told["open"] == ({"m": "1"}, {"t": "1"})
    assert told["closed"] == ({}, {})
    past = (await lister.get(f"/buckets/{held}/blob/history", key="closed"))["items"]
    assert [(each["size"], each["metadata"], each["checksums"]) for each in past] == [(1, {}, {})]


async def test_a_move_that_would_break_a_rule_of_its_target(
    held: str, whole: Whole, admin: Remote, fresh: str
) -> None:
    client, locked, sealed = s3(whole.profile), f"l{fresh}", f"s{fresh}"
    await admin.post("/buckets", name=locked, locked=True)
    await admin.post("/buckets", name=sealed)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client.put_bucket_encryption(Bucket=sealed, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for target in (locked, sealed):
        with pytest.raises(HoldallError) as caught:
            await admin.post(f"/buckets/{held}/blob/move", key="k", to_bucket=target, to_key="k")
        assert caught.value.code == "NotSupported"
    assert await _listed(admin, held)


async def test_a_time_that_is_forgotten_says_since_when(held: str, admin: Remote) -> None:
    with pytest.raises(HoldallError) as caught:
        await admin.get(f"/buckets/{held}/blobs", at="2000-01-01T00:00:00Z")
    assert caught.value.code == "HistoryGone"
    with pytest.raises(InvalidArgument):
        await admin.get(f"/buckets/{held}/blobs", at="2000-01-01T00:00:00")


async def test_an_upload_ends_once(held: str, whole: Whole, admin: Remote) -> None:
    client = s3(whole.profile)
    id = client.create_multipart_upload(Bucket=held, Key="up")["UploadId"]
    for number in (1, 2):
        client.upload_part(Bucket=held, Key="up", UploadId=id, PartNumber=number, Body=b"small")
    path = f"/buckets/{held}/uploads"
    assert [each["id"] for each in (await admin.get(path))["items"]] == [id]
    parts = (await admin.get(f"{path}/{id}/parts", key="up"))["items"]
    assert [each["size"] for each in parts] == [5, 5]
    with pytest.raises(NotFound):
        await admin.get(f"{path}/{id}/parts", key="other")
    with pytest.raises(InvalidArgument):
        wrong = [{"number": 1, "etag": "wrong"}]
        await admin.post(f"{path}/{id}/complete", key="up", parts=wrong)
    made = await admin.post(f"{path}/{id}/complete", key="up", condition={"if_none_match": "*"})
    assert (made["size"], made["number"]) == (10, 0)
    shown = client.head_object(Bucket=held, Key="up", ChecksumMode="ENABLED")
    assert shown["ChecksumType"] == "FULL_OBJECT"
    with pytest.raises(NotFound):
        await admin.post(f"{path}/{id}/complete", key="up")


async def test_a_reader_ends_no_upload(
    held: str, whole: Whole, admin: Remote, login: Login, fresh: str
) -> None:
    client = s3(whole.profile)
    id = client.create_multipart_upload(Bucket=held, Key="up")["UploadId"]
    client.upload_part(Bucket=held, Key="up", UploadId=id, PartNumber=1, Body=b"small")
    reader = await login(f"u{fresh}")
    await grant(admin, held, f"u{fresh}", "read")
    with pytest.raises(PermissionDenied):
        await reader.post(f"/buckets/{held}/uploads/{id}/complete", key="up")


async def test_a_put_can_expect_a_number(held: str, admin: Remote, whole: Whole) -> None:
    address = await admin.post("/urls", bucket=held, key="k", method="PUT")
    async with aiohttp.ClientSession() as session:

        async def put(**headers: str) -> int:
            named = {f"x-holdall-{name.replace('_', '-')}": it for name, it in headers.items()}
            async with session.put(address["url"], data=b"x", headers=named) as answer:
                return answer.status

        assert await put(expect="0") == 412
        assert await put(expect="1") == 200
        assert await put(expect="-1") == 400
        etag = (await admin.get(f"/buckets/{held}/blob", key="k"))["etag"]
        assert await put(if_none_match=f'"{etag}"') == 412
        assert await put(if_none_match='"other"') == 200


async def test_who_one_is(admin: Remote, login: Login, fresh: str) -> None:
    assert await admin.get("/me") == {"user": "admin", "is_admin": True, "orgs": {}}
    await admin.post("/orgs", name=fresh)
    user = await login(f"u{fresh}")
    await admin.put(f"/orgs/{fresh}/members/u{fresh}", role="reader")
    assert await user.get("/me") == {
        "user": f"u{fresh}",
        "is_admin": False,
        "orgs": {fresh: "reader"},
    }


async def test_a_name_of_a_key_is_its_users_once(admin: Remote, login: Login, fresh: str) -> None:
    await admin.post("/keys", name=fresh)
    with pytest.raises(Conflict):
        await admin.post("/keys", name=fresh)
    await login(f"u{fresh}", name=fresh)
    for _ in range(2):
        await admin.post("/keys", name="")


def _document(statement: dict[str, str]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def _history(remote: Remote, bucket: str) -> list[dict[str, int]]:
    found = await remote.get(f"/buckets/{bucket}/blob/history", key="k")
    return list(found["items"])


async def _listed(remote: Remote, bucket: str) -> list[dict[str, dict[str, str]]]:
    return list((await remote.get(f"/buckets/{bucket}/blobs"))["items"])
