"""How far keys and sessions reach, and what those can learn who may not look."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from holdall.engine import accounts
from holdall.s3.signing import Credentials

from .wire import Answer, Wire, wired

READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ALL = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
DENIES = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """`box` is alice's and private, `open` is hers and everybody may list it."""
    async with wired(tmp_path / "store") as wire:
        alice = await wire.make_user("alice")
        await wire.make_user("bob")
        await done(wire, alice, "PUT", "/box")
        await done(wire, alice, "PUT", "/open", headers={"x-amz-acl": "public-read"})
        for path in ("/box/kept", "/open/kept"):
            await done(wire, alice, "PUT", path, body=b"kept")
        yield wire


async def done(wire: Wire, *args: Any, **options: Any) -> Answer:
    answer = await wire.send(*args, **options)
    assert answer.status in (200, 204), answer
    return answer


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# keys and their sessions


async def session(wire: Wire, parent: Credentials, **scope: Any) -> Credentials:
    key = await wire.stored.find(parent.access_key)
    assert key is not None
    made, token = wire.sessions.make(key, timedelta(hours=1), **scope)
    return Credentials(made.access_key, made.secret_key, token)


PARENTS: dict[str, dict[str, Any]] = {
    "policy": {"policy": document(READS)},
    "read-only": {"read_only": True},
    "buckets": {"buckets": ["open"]},
}


@pytest.mark.parametrize("parent", PARENTS)
async def test_a_session_reaches_no_further_than_its_key(wire: Wire, parent: str):
    key = await wire.make_key("alice", **PARENTS[parent])
    for scope in ({}, {"policy": document(ALL)}, {"buckets": ("box", "open")}):
        who = await session(wire, key, **scope)
        assert (await wire.send(who, "PUT", "/box/new", body=b"a")).status == 403
        assert (await wire.send(who, "GET", "/open/kept")).status == 200


async def test_a_denial_of_the_key_counts_in_its_sessions(wire: Wire):
    key = await wire.make_key("alice", policy=document(ALL, DENIES))
    who = await session(wire, key, policy=document(ALL))
    assert (await wire.send(who, "GET", "/box/kept")).status == 403
    assert (await wire.send(who, "GET", "/box")).status == 200


async def test_a_key_sees_the_buckets_that_it_is_for(wire: Wire):
    key = await wire.make_key("alice", buckets=["open"])
    answer = await wire.send(key, "GET", "/")
    assert re.findall(b"<Name>([^<]*)", answer.body) == [b"open"]


async def test_a_key_may_make_the_buckets_that_it_is_for(wire: Wire):
    key = await wire.make_key("alice", buckets=["new"])
    assert (await wire.send(key, "PUT", "/new")).status == 200
    assert (await wire.send(key, "PUT", "/newer")).status == 403


# what writing does not imply

WRITER = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject"}
EXTRAS: dict[str, dict[str, str]] = {
    "s3:PutObjectTagging": {"x-amz-tagging": "a=b"},
    "s3:PutObjectRetention": {
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z",
    },
    "s3:PutObjectLegalHold": {"x-amz-object-lock-legal-hold": "ON"},
}
WAYS: dict[str, dict[str, Any]] = {
    "put": {"method": "PUT", "path": "/locked/new"},
    "copy": {
        "method": "PUT",
        "path": "/locked/new",
        "headers": {"x-amz-copy-source": "/open/kept", "x-amz-tagging-directive": "REPLACE"},
    },
    "upload": {"method": "POST", "path": "/locked/new", "query": "uploads"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("action", EXTRAS)
async def test_what_a_writer_needs_besides(wire: Wire, way: str, action: str):
    """Lists, tags and locks that are set with an object need what sets them later on."""
    alice, bob = wire.keys["alice"], wire.keys["bob"]
    on_lock = {"x-amz-bucket-object-lock-enabled": "true"}
    await done(wire, alice, "PUT", "/locked", headers=on_lock)
    await done(wire, alice, "PUT", "/open/kept", headers={"x-amz-acl": "public-read"}, body=b"a")
    for actions, status in ((["s3:PutObject"], 403), (["s3:PutObject", action], 200)):
        policy = document({**WRITER, "Action": actions, "Resource": "arn:aws:s3:::locked/*"})
        await done(wire, alice, "PUT", "/locked", "policy", body=policy.encode())
        asked = WAYS[way]
        headers = asked.get("headers", {}) | EXTRAS[action]
        answer = await wire.send(
            bob, asked["method"], asked["path"], asked.get("query", ""), headers=headers
        )
        assert answer.status == status, answer


@pytest.mark.parametrize("way", WAYS)
async def test_who_writes_for_the_owner_does_not_open_to_others(wire: Wire, way: str):
    """What a grantee of level write puts is the owner's; strangers open what is their own."""
    alice, asked = wire.keys["alice"], WAYS[way]
    await done(wire, alice, "PUT", "/locked", headers={"x-amz-acl": "public-read-write"})
    await done(wire, alice, "PUT", "/open/kept", headers={"x-amz-acl": "public-read"}, body=b"a")
    engine = replace(wire.backend.engine, owner="alice")
    carol = await wire.make_user("carol")
    for level, status in (("write", 403), ("manage", 200)):
        await accounts.put_grant(engine, "locked", "user:carol", level)
        answer = await write_openly(wire, carol, asked)
        assert answer.status == status, (level, answer)
    assert (await write_openly(wire, wire.keys["bob"], asked)).status == 200


async def write_openly(wire: Wire, who: Credentials, asked: dict[str, Any]) -> Answer:
    headers = asked.get("headers", {}) | {"x-amz-acl": "public-read"}
    query = asked.get("query", "")
    return await wire.send(who, asked["method"], asked["path"], query, headers=headers)


# what an upload's initiator may not


async def test_a_denial_counts_for_who_began_an_upload(wire: Wire):
    alice = wire.keys["alice"]
    begun = await done(wire, alice, "POST", "/box/parts", "uploads")
    found = re.search(b"<UploadId>(.*)</UploadId>", begun.body)
    assert found is not None
    upload = f"uploadId={found[1].decode()}"
    actions = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    denial = {"Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::box/*"}
    policy = document({**denial, "Action": actions})
    await done(wire, alice, "PUT", "/box", "policy", body=policy.encode())
    assert (await wire.send(alice, "DELETE", "/box/parts", upload)).status == 403
    assert (await wire.send(alice, "GET", "/box/parts", upload)).status == 403
    await done(wire, alice, "DELETE", "/box", "policy")
    assert (await wire.send(alice, "DELETE", "/box/parts", upload)).status == 204


# what cannot be learned


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_may_list_is_told_what_is_missing(wire: Wire, method: str):
    """But not what is there and not theirs (S3 GetObject, "Permissions")."""
    for who in (None, wire.keys["bob"]):
        assert (await wire.send(who, method, "/open/missing")).status == 404
        assert (await wire.send(who, method, "/open/kept")).status == 403
        assert (await wire.send(who, method, "/box/missing")).status == 403
        assert (await wire.send(who, method, "/box/kept")).status == 403


async def test_copies_do_not_tell_of_their_source(wire: Wire):
    bob = wire.keys["bob"]
    await done(wire, bob, "PUT", "/bobs")
    told = set()
    for key in ("kept", "missing", "kept?versionId=null", "missing?versionId=null"):
        headers = {"x-amz-copy-source": f"/box/{key}"}
        answer = await wire.send(bob, "PUT", "/bobs/copy", headers=headers)
        told.add((answer.status, answer.code))
    assert told == {(403, "AccessDenied")}


async def test_conditions_do_not_tell_of_what_is_there(wire: Wire):
    bob, told = wire.keys["bob"], set()
    for key in ("kept", "missing"):
        for headers in ({"if-match": "*"}, {"if-none-match": "*"}, {"range": "bytes=99-"}):
            for method in ("GET", "PUT", "DELETE"):
                answer = await wire.send(bob, method, f"/box/{key}", headers=headers)
                told.add((answer.status, answer.code))
    assert told == {(403, "AccessDenied")}


async def test_deletions_do_not_tell_of_what_is_there(wire: Wire):
    bob = wire.keys["bob"]
    for query in ("", "versionId=null", "versionId=none-of-ours"):
        found = [await wire.send(bob, "DELETE", f"/box/{key}", query) for key in ("kept", "gone")]
        assert {(answer.status, answer.code) for answer in found} == {(403, "AccessDenied")}
