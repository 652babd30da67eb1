"""Transfers that the server makes: between its own buckets, and from and to imported ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, HoldallError, InvalidArgument, NotFound, PermissionDenied
from holdall.server.control.transfers import UNFINISHED
from holdall.server.transfers.folder import Folder, Held
from holdall.server.transfers.values import Claim, End, Transfer, Wanted, new_id
from holdall.testing.moto import MotoServer, moto_server
from tests.line import HeldUp, line_to
from tests.server.control.conftest import Login
from tests.server.control.importing import other, whole
from tests.server.control.test_listening import first
from tests.server.transfers.transferring import content, done, ended, imported, started
from tests.server.whole import Whole, control, s3

__all__ = ["moto_server", "other", "whole"]


@pytest.fixture
def client(whole: Whole) -> Any:
    return s3(whole.profile)


@pytest.fixture
async def source(client: Any, admin: Remote, fresh: str) -> str:
    """A bucket with a few objects."""
    name = f"{fresh}-a"
    await admin.post("/buckets", name=name)
    for number in range(3):
        client.put_object(Bucket=name, Key=f"in/k{number}", Body=b"%d" % number)
    return name


@pytest.fixture
async def target(admin: Remote, fresh: str) -> str:
    name = f"{fresh}-b"
    await admin.post("/buckets", name=name)
    return name


@pytest.fixture
def theirs(other: Whole, fresh: str) -> str:
    """A bucket at the other server, with objects."""
    client = s3(other.profile)
    client.create_bucket(Bucket=f"{fresh}-c")
    for number in range(12):
        client.put_object(
            Bucket=f"{fresh}-c",
            Key=f"k{number:02}",
            Body=b"theirs %d" % number,
            Metadata={"made": "there"},
            Tagging="colour=red",
        )
    return f"{fresh}-c"


def code(caught: pytest.ExceptionInfo[HoldallError]) -> object:
    return caught.value.facts["code"]


# between own buckets


async def test_all_that_an_object_is_arrives(
    client: Any, admin: Remote, source: str, target: str
) -> None:
    client.put_object(
        Bucket=source,
        Key="a/ü b+c",
        Body=bytes(3_000_000),
        ContentType="text/x-odd",
        Metadata={"made": "by hand"},
        Tagging="colour=blue",
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client.put_bucket_encryption(Bucket=target, ServerSideEncryptionConfiguration={"Rules": [rule]})
    found = await done(admin, source, target)
    assert found["steps"] == {"copy": 4}
    assert (found["bytes"], found["copied"], found["bytes_copied"]) == (3_000_003, 4, 3_000_003)
    assert content(client, target) == content(client, source)
    head = client.head_object(Bucket=target, Key="a/ü b+c")
    assert head["ContentType"] == "text/x-odd"
    assert head["Metadata"] == {"made": "by hand"}
    assert head["ServerSideEncryption"] == "AES256"
    tags = client.get_object_tagging(Bucket=target, Key="a/ü b+c")["TagSet"]
    assert tags == [{"Key": "colour", "Value": "blue"}]
    again = await done(admin, source, target)
    assert again["steps"] == {"skip": 4}


async def test_a_sync_makes_new_versions_and_deletes_only_when_told(
    client: Any, admin: Remote, source: str, target: str
) -> None:
    client.put_object(Bucket=target, Key="x/k0", Body=b"an older and longer one")
    client.put_object(Bucket=target, Key="x/extra", Body=b"e")
    ends = {
        "source": {"bucket": source, "prefix": "in"},
        "target": {"bucket": target, "prefix": "x/"},
    }
    await done(admin, source, target, **ends)
    assert content(client, target) == {
        "x/k0": b"0",
        "x/k1": b"1",
        "x/k2": b"2",
        "x/extra": b"e",
    }
    versions = client.list_object_versions(Bucket=target, Prefix="x/k0")["Versions"]
    assert len(versions) == 2
    found = await done(admin, source, target, **ends, delete=True)
    assert found["steps"] == {"delete": 1, "skip": 3}
    assert "x/extra" not in content(client, target)


async def test_a_mirror_is_exact(client: Any, admin: Remote, source: str, target: str) -> None:
    client.put_object(Bucket=target, Key="in/k0", Body=b"X")  # of the same size, and newer
    client.put_object(Bucket=target, Key="extra", Body=b"e")
    plain = await done(admin, source, target)
    assert content(client, target)["in/k0"] == b"X", plain
    found = await done(admin, source, target, kind="mirror")
    assert found["steps"] == {"copy": 1, "delete": 1, "skip": 2}
    assert content(client, target) == content(client, source)


async def test_what_is_left_out(client: Any, admin: Remote, source: str, target: str) -> None:
    await done(admin, source, target, exclude=["k*"], include=["k1"])
    assert list(content(client, target)) == ["in/k1"]


async def test_as_it_stood_at_a_time(client: Any, admin: Remote, source: str, target: str) -> None:
    then = datetime.now(UTC).isoformat()
    client.put_object(Bucket=source, Key="in/k0", Body=b"changed")
    client.put_object(Bucket=source, Key="later", Body=b"l")
    await done(admin, source, target, source={"bucket": source, "at": then})
    assert content(client, target) == {"in/k0": b"0", "in/k1": b"1", "in/k2": b"2"}


async def test_a_dry_run_changes_nothing(
    client: Any, admin: Remote, source: str, target: str
) -> None:
    client.put_object(Bucket=target, Key="extra", Body=b"e")
    found = await done(admin, source, target, dry_run=True, delete=True)
    assert found["steps"] == {"copy": 3, "delete": 1}
    assert (found["bytes"], found["copied"]) == (3, 0)
    assert content(client, target) == {"extra": b"e"}


async def test_within_one_bucket(client: Any, admin: Remote, source: str) -> None:
    ends = {
        "source": {"bucket": source, "prefix": "in"},
        "target": {"bucket": source, "prefix": "out"},
    }
    await done(admin, source, source, **ends)
    assert content(client, source)["out/k2"] == b"2"
    for prefix in ("in", "in/deeper", ""):
        with pytest.raises(InvalidArgument, match="in one another"):
            inner = {**ends, "target": {"bucket": source, "prefix": prefix}}
            await admin.post("/transfers", **inner)


async def test_what_is_not_there_fails(admin: Remote, source: str, target: str) -> None:
    id = await started(admin, source, target, source={"bucket": source, "prefix": "nothing"})
    found = await ended(admin, id)
    assert (found["state"], found["problem"]) == ("failed", "BlobNotFound")


async def test_the_actor_is_the_caller(
    whole: Whole, admin: Remote, login: Login, source: str, target: str, fresh: str
) -> None:
    user = await login(f"u{fresh}")
    for bucket, level in ((source, "read"), (target, "write")):
        await admin.put(f"/buckets/{bucket}/grants/user:u{fresh}", level=level)
    await done(user, source, target)
    events = await first(admin, 4, bucket=target, after="0")
    assert {each["actor"] for each in events if each["key"]} == {f"u{fresh}"}


# who may


async def test_without_rights(
    admin: Remote, login: Login, source: str, target: str, fresh: str
) -> None:
    user = await login(f"u{fresh}")
    wanted = {"source": {"bucket": source}, "target": {"bucket": target}}
    with pytest.raises(NotFound):
        await user.post("/transfers", **wanted)
    await admin.put(f"/buckets/{source}/grants/user:u{fresh}", level="read")
    with pytest.raises(NotFound):
        await user.post("/transfers", **wanted)
    await admin.put(f"/buckets/{target}/grants/user:u{fresh}", level="read")
    with pytest.raises(PermissionDenied):
        await user.post("/transfers", **wanted)
    await done(user, source, target, dry_run=True)
    await admin.put(f"/buckets/{target}/grants/user:u{fresh}", level="write")
    await done(user, source, target)
    with pytest.raises(PermissionDenied):
        reading = await login(f"u{fresh}", read_only=True)
        await reading.post("/transfers", **wanted)


async def test_a_transfer_is_its_owners(
    whole: Whole, admin: Remote, login: Login, source: str, target: str, fresh: str
) -> None:
    owner, stranger = await login(f"u{fresh}"), await login(f"s{fresh}")
    narrowed = await login(f"u{fresh}", read_only=True)
    for bucket, level in ((source, "read"), (target, "write")):
        await admin.put(f"/buckets/{bucket}/grants/user:u{fresh}", level=level)
    id = (await done(owner, source, target))["id"]
    for nobody in (stranger, narrowed):
        for method in ("GET", "DELETE"):
            with pytest.raises(NotFound):
                await nobody.send(method, f"/transfers/{id}")
        assert [each async for each in nobody.every("/transfers")] == []
    mine = [each["id"] async for each in owner.every("/transfers")]
    assert mine == [id]
    assert id in [each["id"] async for each in admin.every("/transfers")]
    assert (await owner.get("/transfers", limit="1"))["items"][0]["user"] == f"u{fresh}"
    await owner.delete(f"/transfers/{id}")
    with pytest.raises(NotFound):
        await owner.get(f"/transfers/{id}")


async def test_pages(admin: Remote, source: str, target: str) -> None:
    ids = [(await done(admin, source, target, dry_run=True))["id"] for _ in range(3)]
    page = await admin.get("/transfers", after=ids[0], limit="1")
    assert ([each["id"] for each in page["items"]], page["next"]) == ([ids[1]], ids[1])
    page = await admin.get("/transfers", after=ids[1], limit="1")
    assert ([each["id"] for each in page["items"]], page["next"]) == ([ids[2]], None)


def policy(denied: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:GetObject*", "Resource": denied},
            ],
        }
    )


async def test_a_key_that_is_denied(
    whole: Whole, client: Any, admin: Remote, source: str, target: str
) -> None:
    session = await admin.post("/credentials", policy=policy(f"arn:aws:s3:::{source}/in/k1"))
    async with control(whole.with_key(session)) as narrowed:
        found = await ended(narrowed, await started(narrowed, source, target))
        assert found["id"] in [each["id"] async for each in narrowed.every("/transfers")]
    assert (found["state"], found["problem"], found["failed"]) == ("failed", "TransferFailed", 1)
    assert found["failures"] == [{"key": "in/k1", "code": "PermissionDenied"}]
    assert content(client, target) == {"in/k0": b"0", "in/k2": b"2"}


async def test_temporary_credentials_for_other_buckets(
    whole: Whole, admin: Remote, source: str, target: str
) -> None:
    session = await admin.post("/credentials", buckets=[source])
    async with control(whole.with_key(session)) as narrowed:
        with pytest.raises(NotFound):
            await started(narrowed, source, target)


# imported ones


async def test_from_and_to_a_provider(
    client: Any, admin: Remote, other: Whole, theirs: str, target: str, source: str
) -> None:
    place = await imported(admin, other, theirs)
    found = await done(admin, place, target)
    assert found["copied"] == 12
    assert content(client, target) == content(s3(other.profile), theirs)
    assert client.head_object(Bucket=target, Key="k03")["Metadata"] == {"made": "there"}
    tags = client.get_object_tagging(Bucket=target, Key="k03")["TagSet"]
    assert tags == [{"Key": "colour", "Value": "red"}]
    await done(admin, source, place, target={"bucket": place, "prefix": "back"}, kind="mirror")
    assert content(s3(other.profile), theirs)["back/in/k1"] == b"1"
    assert len(content(s3(other.profile), theirs)) == 15
    ends = {
        "source": {"bucket": place, "prefix": "back"},
        "target": {"bucket": place, "prefix": "twice"},
    }
    await done(admin, place, place, **ends)
    assert content(s3(other.profile), theirs)["twice/in/k1"] == b"1"


async def test_from_and_to_moto(
    client: Any, admin: Remote, moto_server: MotoServer, source: str, target: str, fresh: str
) -> None:
    keys = moto_server.credentials
    aws = boto3.client(
        "s3",
        endpoint_url=moto_server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )
    aws.create_bucket(Bucket=f"aws-{fresh}")
    large = bytes(range(256)) * 80_000  # more than one part
    aws.put_object(Bucket=f"aws-{fresh}", Key="large", Body=large)
    given = {
        "endpoint_url": moto_server.endpoint_url,
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "bucket_name": f"aws-{fresh}",
    }
    await admin.post("/buckets/import", provider="aws", name=fresh, credentials=given)
    await done(admin, fresh, target)
    assert content(client, target) == {"large": large}
    await done(admin, source, fresh)
    assert sorted(content(aws, f"aws-{fresh}")) == ["in/k0", "in/k1", "in/k2", "large"]


async def test_rights_at_an_imported_bucket(
    whole: Whole,
    admin: Remote,
    login: Login,
    other: Whole,
    theirs: str,
    source: str,
    target: str,
    fresh: str,
) -> None:
    place = await imported(admin, other, theirs)
    user = await login(f"u{fresh}")
    await user.post("/buckets", name=f"{fresh}-own")
    with pytest.raises(NotFound):
        await started(user, place, f"{fresh}-own")
    await admin.put(f"/buckets/{place}/grants/user:u{fresh}", level="read")
    await done(user, place, f"{fresh}-own")
    with pytest.raises(PermissionDenied):
        await started(user, f"{fresh}-own", place, target={"bucket": place, "prefix": "p"})
    session = await admin.post("/credentials", policy=policy("arn:aws:s3:::nothing/*"))
    async with control(whole.with_key(session)) as narrowed:
        for ends in ((place, target), (source, place)):
            with pytest.raises(HoldallError) as caught:
                await started(narrowed, *ends)
            assert code(caught) == "NotSupported"
    with pytest.raises(HoldallError) as caught:
        await started(admin, place, target, source={"bucket": place, "at": "2020-01-01T00:00:00Z"})
    assert code(caught) == "NotSupported"


@asynccontextmanager
async def halfway(
    admin: Remote, caller: Remote, other: Whole, theirs: str, target: str, grantee: str = ""
) -> AsyncIterator[tuple[str, str]]:
    """A transfer that is held up at one key: its id, and the imported bucket."""
    with line_to(other.endpoint) as line:
        place = await imported(admin, other, theirs, line.endpoint_url)
        if grantee:
            await admin.put(f"/buckets/{place}/grants/{grantee}", level="read")
        line.choose(held_up := HeldUp("/k06"))
        id = await started(caller, place, target)
        assert await asyncio.to_thread(held_up.reached.wait, 30)
        yield id, place


async def test_it_is_cancelled(
    client: Any, admin: Remote, other: Whole, theirs: str, target: str
) -> None:
    async with halfway(admin, admin, other, theirs, target) as (id, _):
        assert (await admin.get(f"/transfers/{id}"))["state"] == "running"
        shown = await admin.send("DELETE", f"/transfers/{id}")
        assert shown["id"] == id
        found = await ended(admin, id)
    assert (found["state"], found["problem"]) == ("cancelled", None)
    assert 0 < len(content(client, target)) < 12
    await admin.delete(f"/transfers/{id}")
    with pytest.raises(NotFound):
        await admin.get(f"/transfers/{id}")


@pytest.mark.parametrize("what", ["key", "grant", "session"])
async def test_it_ends_with_the_rights(
    whole: Whole,
    client: Any,
    admin: Remote,
    login: Login,
    other: Whole,
    theirs: str,
    fresh: str,
    what: str,
) -> None:
    user = await login(f"u{fresh}")
    await user.post("/buckets", name=f"{fresh}-own")
    if what == "session":
        session = await user.post("/credentials", buckets=[f"{fresh}-own", f"{theirs}-import"])
        caller = whole.with_key(session)
    else:
        caller = user.profile
    async with control(caller) as asking:
        args = (admin, asking, other, theirs, f"{fresh}-own", f"user:u{fresh}")
        async with halfway(*args) as (id, place):
            if what == "grant":
                await admin.delete(f"/buckets/{place}/grants/user:u{fresh}")
            else:
                await admin.delete(f"/keys/{user.profile.access_key}")
            found = await ended(admin, id)
    problem = "PermissionDenied" if what == "grant" else "KeyRevoked"
    assert (found["state"], found["problem"]) == ("failed", problem)
    assert found["user"] == f"u{fresh}"
    assert 0 < len(content(client, f"{fresh}-own")) < 12


# what is asked


BAD: Sequence[dict[str, Any]] = [
    {"kind": "mirror", "delete": True},
    {"kind": "mirror", "exclude": ["x"]},
    {"kind": "move"},
    {"source": {"bucket": "UPPER"}},
    {"target": {"bucket": "b", "prefix": "a\0b"}},
    {"target": {"bucket": "b", "prefix": "ü" * 600}},
    {"exclude": ["*a*a*a*b"]},
    {"exclude": ["**/a/**/b/**"]},
    {"exclude": ["a\nb"]},
    {"include": ["x"] * 33},
    {"source": {"bucket": "b", "at": "2020-01-01T00:00:00"}},
    {"dry-run": True},
    {"source": {"bucket": "b", "prefx": "x"}},
]


@pytest.mark.parametrize("change", BAD, ids=str)
async def test_what_is_malformed(admin: Remote, change: dict[str, Any]) -> None:
    wanted = {"source": {"bucket": "a"}, "target": {"bucket": "b"}, **change}
    with pytest.raises(InvalidArgument):
        await admin.post("/transfers", **wanted)


async def test_a_pattern_that_is_none(admin: Remote, source: str, target: str) -> None:
    with pytest.raises(InvalidArgument, match="pattern"):
        await started(admin, source, target, exclude=["!"])


async def test_so_many_at_a_time(whole: Whole, login: Login, fresh: str) -> None:
    user = await login(f"u{fresh}")
    for name in ("a", "b"):
        await user.post("/buckets", name=f"{fresh}-{name}")
    folder = Folder(whole.options.directory)
    held = [unfinished(folder, f"u{fresh}") for _ in range(UNFINISHED)]
    with pytest.raises(Conflict) as caught:
        await started(user, f"{fresh}-a", f"{fresh}-b")
    assert code(caught) == "TooMany"
    held[0].save(held[0].transfer.over("done", datetime.now(UTC)))
    await done(user, f"{fresh}-a", f"{fresh}-b")
    for each in held:
        each.save(each.transfer.over("done", datetime.now(UTC)))
        each.release()


def unfinished(folder: Folder, user: str) -> Held:
    """A transfer of theirs that another process works on."""
    while True:
        now = datetime.now(UTC)
        made = Transfer(
            id=new_id(now),
            claim=Claim(user=user, access_key="k", permanent="k"),
            wanted=Wanted(source=End(bucket="a"), target=End(bucket="b")),
            created=now,
        )
        folder.add(made)
        if (held := folder.hold(made.id)) is not None:  # else the server was faster
            return held


async def test_no_secret_is_kept(
    whole: Whole, admin: Remote, other: Whole, theirs: str, target: str
) -> None:
    session = await admin.post("/credentials")
    async with control(whole.with_key(session)) as caller:
        await done(caller, await imported(admin, other, theirs), target)
    folder = whole.options.directory / "transfers"
    files = list(folder.iterdir())
    assert files
    assert folder.stat().st_mode & 0o777 == 0o700
    text = "".join(path.read_text() for path in files)
    for profile in (whole.profile, other.profile):
        assert profile.secret_key not in text
    for secret in ("secret_key", "session_token"):
        assert session[secret] not in text
    assert not [path for path in files if path.suffix != ".json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
