from __future__ import annotations

from typing import Any

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.resources import Kinds, arn, parse

from .people import context

ALICE = context(aws__username="alice")


def names(found: Any, bucket: str, key: str | None = None, *, inverted: bool = False) -> bool:
    resources = parse(found, inverted=inverted, bucket=None, variables=True)
    return resources.name(arn(bucket, key), ALICE)


@pytest.mark.parametrize(
    ("found", "bucket", "key", "expected"),
    [
        ("arn:aws:s3:::photos", "photos", None, True),
        ("arn:aws:s3:::photos", "photos", "a", False),
        ("arn:aws:s3:::photos/*", "photos", None, False),
        ("arn:aws:s3:::photos/*", "photos", "a/b", True),
        ("arn:aws:s3:::photos/*", "photos2", "a", False),
        ("arn:aws:s3:::photos*", "photos", None, True),
        ("arn:aws:s3:::photos*", "photos", "a", True),
        ("arn:aws:s3:::photos/a?c", "photos", "abc", True),
        ("arn:aws:s3:::photos/a?c", "photos", "ac", False),
        ("arn:aws:s3:::photos/Abc", "photos", "abc", False),
        ("arn:aws:s3:::photos//a", "photos", "/a", True),
        ("arn:aws:s3:::photos/home/${aws:username}/*", "photos", "home/alice/x", True),
        ("arn:aws:s3:::photos/home/${aws:username}/*", "photos", "home/bob/x", False),
        ("arn:aws:s3:::photos/home/${aws:nobody}/*", "photos", "home//x", False),
        ("arn:aws-cn:s3:::photos/a", "photos", "a", True),
        ("arn:*:s3:*:*:photos/a", "photos", "a", True),
        ("*", "photos", "a", True),
        (["arn:aws:s3:::other", "arn:aws:s3:::photos"], "photos", None, True),
        ("arn:aws:ec2:us-east-1:111122223333:instance/i-1", "photos", None, False),
    ],
)
def test_what_is_meant(found: Any, bucket: str, key: str | None, expected: bool) -> None:
    assert names(found, bucket, key) is expected
    assert names(found, bucket, key, inverted=True) is not expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("arn:aws:s3:::photos", Kinds(True, False)),
        ("arn:aws:s3:::photos/*", Kinds(False, True)),
        ("arn:aws:s3:::photos/a", Kinds(False, True)),
        ("arn:aws:s3:::photos*", Kinds(True, True)),
        ("arn:aws:s3:::ph*", Kinds(True, True)),
        ("arn:aws:s3:::ph?tos", Kinds(True, False)),
        ("arn:aws:s3:::${aws:username}/x", Kinds(False, True)),
        ("*", Kinds(True, True)),
    ],
)
def test_the_kinds_that_a_resource_covers(found: str, expected: Kinds) -> None:
    resources = parse(found, inverted=False, bucket="photos", variables=True)
    assert resources.kinds("photos") == expected


@pytest.mark.parametrize(
    "found",
    [
        "arn:aws:s3:::other", "arn:aws:s3:::photos2/*", "arn:aws:s3:::phot", "photos", "photos/*",
        "arn:aws:s3:::", "arn:aws:s3:us-east-1::photos", "arn:aws:iam::111122223333:user/x", "",
        ["arn:aws:s3:::photos", "arn:aws:s3:::other"], [], None, 1, "arn:aws:s3:::Photos",
    ],
)  # fmt: skip
@pytest.mark.parametrize("inverted", [False, True])
def test_what_is_not_of_the_bucket_is_refused(found: Any, inverted: bool) -> None:
    with pytest.raises(S3Error, match="Policy has invalid resource") as caught:
        parse(found, inverted=inverted, bucket="photos", variables=True)
    assert caught.value.code == "MalformedPolicy"


def test_session_policies_may_name_anything_with_an_arn() -> None:
    with pytest.raises(S3Error):
        parse("photos", inverted=False, bucket=None, variables=True)
