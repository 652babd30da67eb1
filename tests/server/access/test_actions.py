from __future__ import annotations

import pytest

from holdall.server.access.actions import FOLLOWS_OBJECT, KNOWN, ON_BUCKETS, ON_OBJECTS, level_of


def test_an_action_is_of_one_kind_of_resource() -> None:
    assert not ON_BUCKETS & ON_OBJECTS
    assert FOLLOWS_OBJECT <= ON_OBJECTS


@pytest.mark.parametrize(
    ("action", "level"),
    [("s3:GetObject", "read"), ("s3:ListBucket", "read"), ("s3:PutObject", "write"),
     ("s3:DeleteObjectVersion", "write"), ("s3:PutObjectAcl", "manage"),
     ("s3:GetBucketPolicy", "manage"), ("s3:PutObjectRetention", "manage"),
     ("s3:BypassGovernanceRetention", "manage"), ("s3:DeleteBucket", "manage"),
     ("s3:SomethingNew", "manage")],
)  # fmt: skip
def test_levels(action: str, level: str) -> None:
    assert level_of(action) == level


def test_nothing_that_reading_gives_changes_anything() -> None:
    reading = {action for action in KNOWN if level_of(action) == "read"}
    assert all(action.startswith(("s3:Get", "s3:List")) for action in reading)
    assert {"s3:GetBucketAcl", "s3:GetObjectAcl", "s3:GetBucketNotification"}.isdisjoint(reading)
