"""Lifecycles that are run by hand."""

from __future__ import annotations

from typing import Any

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3

OVER = "2020-01-01T00:00:00Z"


def lay(whole: Whole, bucket: str) -> None:
    """Two objects that are due by a date that is over, and one that no rule is about."""
    client = s3(whole.profile)
    for key in ("logs/1", "logs/2", "kept"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    rules: list[dict[str, Any]] = [
        {"ID": "logs", "Filter": {"Prefix": "logs/"}, "Expiration": {"Date": OVER}},
        {"ID": "idle", "Filter": {"Prefix": "none/"}, "Expiration": {"Days": 1}},
    ]
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [{**rule, "Status": "Enabled"} for rule in rules]},
    )


def keys_of(whole: Whole, bucket: str) -> list[str]:
    listed = s3(whole.profile).list_objects_v2(Bucket=bucket)
    return [entry["Key"] for entry in listed.get("Contents", ())]


async def test_it_says_what_each_rule_does(whole: Whole, admin: Remote, bucket: str) -> None:
    lay(whole, bucket)
    path = f"/buckets/{bucket}/lifecycle/run"
    told = await admin.send("POST", path, query={"dry_run": "true"})
    nothing = {"expired": 0, "removed": 0, "aborted": 0, "kept": 0}
    rules = [{"rule": "logs", **nothing, "expired": 2}, {"rule": "idle", **nothing}]
    assert told == {"bucket": bucket, "dry_run": True, "rules": rules}
    assert keys_of(whole, bucket) == ["kept", "logs/1", "logs/2"]
    assert await admin.post(path) == {**told, "dry_run": False}
    assert keys_of(whole, bucket) == ["kept"]
    again = await admin.post(path)
    assert [rule["expired"] for rule in again["rules"]] == [0, 0]


async def test_a_bucket_without_rules(admin: Remote, bucket: str) -> None:
    assert (await admin.post(f"/buckets/{bucket}/lifecycle/run"))["rules"] == []


async def test_only_those_who_manage_the_bucket(
    whole: Whole, admin: Remote, login: Login, bucket: str, fresh: str
) -> None:
    lay(whole, bucket)
    path = f"/buckets/{bucket}/lifecycle/run"
    user = await login(f"u{fresh}")
    with pytest.raises(NotFound):
        await user.post(path)
    await admin.put(f"/buckets/{bucket}/grants/user:u{fresh}", level="write")
    for query in ({}, {"dry_run": "true"}):
        with pytest.raises(PermissionDenied):
            await user.send("POST", path, query=query)
    assert len(keys_of(whole, bucket)) == 3
    await admin.put(f"/buckets/{bucket}/grants/user:u{fresh}", level="manage")
    reading = await login(f"u{fresh}", read_only=True)
    with pytest.raises(PermissionDenied):
        await reading.post(path)
    assert (await user.post(path))["rules"][0]["expired"] == 2
