"""Bucket policies."""

from __future__ import annotations

import json

import pytest

VERSION = "2012-10-17"


@pytest.fixture
def policy(s3, bucket):
    """Set a policy of these statements on the bucket."""

    def policy(*statements):
        s3.put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": VERSION, "Statement": list(statements)})
        )

    return policy


@pytest.fixture
def object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    return {"Bucket": bucket, "Key": "k"}


def statement(bucket, action, effect="Allow", principal="*", on="/*", **more):
    return {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}{on}",
        **more,
    }


def test_a_policy_is_kept_as_it_was(s3, bucket):
    text = json.dumps({"Version": VERSION, "Statement": [statement(bucket, "s3:GetObject")]})
    answer = s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
    assert s3.delete_bucket_policy(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_everybody_may_read(anonymous, policy, object, refused):
    policy(statement(object["Bucket"], "s3:GetObject"))
    assert anonymous.get_object(**object)["Body"].read() == b"1"
    with refused("AccessDenied", 403):
        anonymous.list_objects_v2(Bucket=object["Bucket"])


def test_everybody_may_list(anonymous, policy, object, refused):
    policy(statement(object["Bucket"], "s3:ListBucket", on=""))
    assert anonymous.list_objects_v2(Bucket=object["Bucket"])["KeyCount"] == 1
    with refused("AccessDenied", 403):
        anonymous.get_object(**object)


def test_one_user_may_read(server, other, anonymous, policy, object, refused):
    number = server.state.account_of("bob")
    policy(
        statement(
            object["Bucket"], "s3:GetObject", principal={"AWS": f"arn:aws:iam::{number}:root"}
        )
    )
    assert other.get_object(**object)["Body"].read() == b"1"
    with refused("AccessDenied", 403):
        anonymous.get_object(**object)


@pytest.mark.parametrize("action", ["s3:*", "s3:Get*", "s3:GetObjec?", "S3:getobject", "*"])
def test_actions_with_wildcards(anonymous, policy, object, action):
    policy(statement(object["Bucket"], action))
    assert anonymous.get_object(**object)["Body"].read() == b"1"


def test_a_denial_wins(s3, policy, object, refused):
    bucket = object["Bucket"]
    policy(
        statement(bucket, "s3:GetObject"),
        statement(bucket, "s3:GetObject", "Deny", on="/k"),
    )
    with refused("AccessDenied", 403):
        s3.get_object(**object)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.get_object(**object)


def test_a_canonical_user(server, other, anonymous, policy, object, refused):
    policy(
        statement(
            object["Bucket"],
            "s3:ListBucket",
            on="",
            principal={"CanonicalUser": server.bob.canonical_id},
        )
    )
    assert other.list_objects_v2(Bucket=object["Bucket"])["KeyCount"] == 1
    with refused("AccessDenied", 403):
        anonymous.list_objects_v2(Bucket=object["Bucket"])


def test_not_action_and_not_resource(anonymous, policy, object, refused):
    bucket = object["Bucket"]
    found = statement(bucket, "s3:PutObject")
    found["NotAction"] = found.pop("Action")
    policy(found)
    anonymous.get_object(**object)
    with refused("AccessDenied", 403):
        anonymous.put_object(**object, Body=b"2")


CONDITIONS = [
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
    ({"Bool": {"aws:SecureTransport": "false"}}, True),
    ({"Bool": {"aws:SecureTransport": "true"}}, False),
    ({"StringLike": {"aws:UserAgent": "*oto*"}}, True),
    ({"StringNotLike": {"aws:UserAgent": "*oto*"}}, False),
    ({"StringEquals": {"s3:ExistingObjectTag/security": "public"}}, True),
    ({"StringEquals": {"s3:ExistingObjectTag/security": "secret"}}, False),
    ({"StringEqualsIfExists": {"s3:ExistingObjectTag/other": "x"}}, True),
    ({"StringEquals": {"s3:ExistingObjectTag/other": "x"}}, False),
    ({"Null": {"s3:ExistingObjectTag/other": "true"}}, True),
    ({"Null": {"s3:ExistingObjectTag/security": "true"}}, False),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    (
        {
            "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
            "Bool": {"aws:SecureTransport": "true"},
        },
        False,
    ),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions_of_reading(s3, anonymous, bucket, policy, refused, condition, holds):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="security=public")
    policy(statement(bucket, "s3:GetObject", Condition=condition))
    if holds:
        anonymous.get_object(Bucket=bucket, Key="k")
    else:
        with refused("AccessDenied", 403):
            anonymous.get_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize(
    ("condition", "asked", "holds"),
    [
        ({"StringEquals": {"s3:prefix": "a/"}}, {"Prefix": "a/"}, True),
        ({"StringEquals": {"s3:prefix": "a/"}}, {"Prefix": "b/"}, False),
        ({"StringEquals": {"s3:prefix": "a/"}}, {}, False),
        ({"StringLike": {"s3:prefix": ["a/*", ""]}}, {"Prefix": "a/b"}, True),
        ({"StringEquals": {"s3:delimiter": "/"}}, {"Delimiter": "/"}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"MaxKeys": 10}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"MaxKeys": 11}, False),
    ],
)
def test_conditions_of_listing(anonymous, bucket, policy, refused, condition, asked, holds):
    policy(statement(bucket, "s3:ListBucket", on="", Condition=condition))
    if holds:
        anonymous.list_objects_v2(Bucket=bucket, **asked)
    else:
        with refused("AccessDenied", 403):
            anonymous.list_objects_v2(Bucket=bucket, **asked)


@pytest.mark.parametrize(
    ("condition", "wish", "holds"),
    [
        ({"StringEquals": {"s3:x-amz-acl": "public-read"}}, {"ACL": "public-read"}, True),
        ({"StringEquals": {"s3:x-amz-acl": "public-read"}}, {}, False),
        ({"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}, {}, False),
        (
            {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
            {"ServerSideEncryption": "AES256"},
            True,
        ),
        ({"StringEquals": {"s3:RequestObjectTag/a": "b"}}, {"Tagging": "a=b"}, True),
        ({"StringEquals": {"s3:RequestObjectTag/a": "b"}}, {"Tagging": "a=c"}, False),
        ({"ForAllValues:StringLike": {"s3:RequestObjectTagKeys": "a*"}}, {"Tagging": "ab=c"}, True),
        ({"ForAllValues:StringLike": {"s3:RequestObjectTagKeys": "a*"}}, {"Tagging": "b=c"}, False),
        (
            {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}},
            {"StorageClass": "STANDARD_IA"},
            True,
        ),
    ],
)
def test_conditions_of_writing(anonymous, bucket, policy, refused, condition, wish, holds):
    actions = ["s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"]
    policy(statement(bucket, actions, Condition=condition))
    ask = {"Bucket": bucket, "Key": "k", "Body": b"1", **wish}
    if holds:
        anonymous.put_object(**ask)
    else:
        with refused("AccessDenied", 403):
            anonymous.put_object(**ask)


def test_a_version_s_action_is_another(s3, anonymous, versioned, refused):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    found = {"Version": VERSION, "Statement": [statement(versioned, "s3:GetObject")]}
    s3.put_bucket_policy(Bucket=versioned, Policy=json.dumps(found))
    anonymous.get_object(Bucket=versioned, Key="k")
    with refused("AccessDenied", 403):
        anonymous.get_object(Bucket=versioned, Key="k", VersionId=id)
    found = {"Version": VERSION, "Statement": [statement(versioned, "s3:GetObjectVersion")]}
    s3.put_bucket_policy(Bucket=versioned, Policy=json.dumps(found))
    anonymous.get_object(Bucket=versioned, Key="k", VersionId=id)


def bad_policies():
    good = statement("BUCKET", "s3:GetObject")

    def without(name):
        return {key: value for key, value in good.items() if key != name}

    yield "", "MalformedPolicy"
    yield "no json", "MalformedPolicy"
    yield "[]", "MalformedPolicy"
    yield "{}", "MalformedPolicy"
    yield {"Version": VERSION, "Statement": []}, "MalformedPolicy"
    yield {"Version": "2030-01-01", "Statement": [good]}, "MalformedPolicy"
    for name in ("Effect", "Principal", "Action", "Resource"):
        yield {"Version": VERSION, "Statement": [without(name)]}, "MalformedPolicy"
    for wrong in (
        {"Effect": "Maybe"},
        {"Action": "s3:NoSuchAction"},
        {"Action": "GetObject"},
        {"Resource": "BUCKET/*"},
        {"Resource": "arn:aws:s3:::another/*"},
        {"Principal": "bob"},
        {"Condition": {"StringResembles": {"s3:prefix": "a"}}},
        {"Unknown": 1},
    ):
        yield {"Version": VERSION, "Statement": [good | wrong]}, "MalformedPolicy"


@pytest.mark.parametrize(("found", "code"), list(bad_policies()))
def test_policies_that_are_none(send, bucket, found, code):
    text = found if isinstance(found, str) else json.dumps(found)
    answer = send("PUT", f"/{bucket}?policy", text.replace("BUCKET", bucket).encode())
    assert answer.status == 400
    assert answer.code in (code, "MissingRequestBodyError" if not text else code)


def test_a_policy_that_is_too_long(send, bucket):
    found = {"Version": VERSION, "Statement": [statement(bucket, "s3:GetObject", Sid="a" * 21000)]}
    answer = send("PUT", f"/{bucket}?policy", json.dumps(found).encode())
    assert answer.status == 400
    assert answer.code in ("PolicyTooLarge", "MalformedPolicy", "EntityTooLarge")


@pytest.mark.parametrize(
    ("principal", "condition", "public"),
    [
        ("*", {}, True),
        ({"AWS": "*"}, {}, True),
        ("*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ("*", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
        ({"AWS": "arn:aws:iam::{number}:root"}, {}, False),
    ],
)
def test_the_status_of_a_policy(server, s3, bucket, policy, principal, condition, public):
    number = server.state.account_of("bob")
    if isinstance(principal, dict):
        principal = {"AWS": principal["AWS"].replace("{number}", number)}
    policy(
        statement(
            bucket,
            "s3:GetObject",
            principal=principal,
            **({"Condition": condition} if condition else {}),
        )
    )
    status = s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]
    assert status["IsPublic"] is public


def test_others_do_not_see_the_policy(other, policy, bucket, refused):
    policy(statement(bucket, "s3:GetObject"))
    for ask in (other.get_bucket_policy, other.delete_bucket_policy):
        with refused("AccessDenied", 403):
            ask(Bucket=bucket)


def test_a_deletion_of_many_is_judged_one_by_one(s3, anonymous, bucket, policy):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    policy(statement(bucket, "s3:DeleteObject", on="/a"))
    objects = [{"Key": "a"}, {"Key": "b"}]
    answer = anonymous.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [each["Key"] for each in answer["Deleted"]] == ["a"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("b", "AccessDenied")]


def test_an_owner_can_undo_a_policy_that_denies_all(s3, bucket, policy, refused):
    """The account that owns a bucket may always get, put and delete its policy, so that
    nobody is locked out by mistake (PutBucketPolicy)."""
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    policy(
        statement(bucket, "s3:*", "Deny", on="/*", Condition=insecure),
        statement(bucket, "s3:*", "Deny", on="", Condition=insecure),
    )
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket)
    s3.get_bucket_policy(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


def test_conditions_are_not_asked_of_parts(s3, anonymous, bucket, policy, refused):
    """User Guide, "Enforce conditional writes on Amazon S3 buckets", the first example."""
    policy(
        statement(bucket, "s3:PutObject"),
        statement(
            bucket,
            "s3:PutObject",
            "Deny",
            Condition={
                "Null": {"s3:if-none-match": "true"},
                "Bool": {"s3:ObjectCreationOperation": "true"},
            },
        ),
    )
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = anonymous.create_multipart_upload(**named)["UploadId"]
    etag = anonymous.upload_part(**named, PartNumber=1, Body=b"1")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    with refused("AccessDenied", 403):
        anonymous.complete_multipart_upload(**named, MultipartUpload=parts)
    with refused("AccessDenied", 403):
        anonymous.put_object(Bucket=bucket, Key="other", Body=b"1")
    anonymous.put_object(Bucket=bucket, Key="other", Body=b"1", IfNoneMatch="*")
    anonymous.complete_multipart_upload(**named, MultipartUpload=parts, IfNoneMatch="*")


@pytest.mark.parametrize("source", ["{0}/secret/k", "/{0}/secret/k", "{0}/%73ecret/k"])
@pytest.mark.parametrize("pattern", ["{0}/secret/*", "/{0}/secret/*"])
def test_a_source_is_denied_however_it_is_spelled(send, s3, bucket, policy, source, pattern):
    for key in ("secret/k", "k"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    condition = {"StringLike": {"s3:x-amz-copy-source": pattern.format(bucket)}}
    policy(statement(bucket, "s3:PutObject", "Deny", Condition=condition))
    path, header = f"/{bucket}/copy", "x-amz-copy-source"
    denied = send("PUT", path, headers={header: source.format(bucket)})
    assert denied.refusal == ("AccessDenied", 403)
    assert send("PUT", path, headers={header: f"{bucket}/k"}).status == 200
