"""ListObjects and ListObjectsV2."""

from __future__ import annotations

import pytest

from .conftest import client_of

KEYS = ["b/a/c", "b/a/g", "b/a/r", "b/b/d", "bar", "baz", "cab", "foo", "g", "q/w"]


@pytest.fixture(params=["list_objects", "list_objects_v2"])
def ask(s3, request):
    """Both listings: what they share is examined on both."""
    return getattr(s3, request.param)


@pytest.fixture
def filled(s3, bucket):
    def fill(*keys):
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"1")
        return bucket

    return fill


def keys(answer):
    return [each["Key"] for each in answer.get("Contents", [])]


def prefixes(answer):
    return [each["Prefix"] for each in answer.get("CommonPrefixes", [])]


def test_an_empty_bucket(ask, bucket):
    answer = ask(Bucket=bucket)
    assert "Contents" not in answer
    assert "CommonPrefixes" not in answer
    assert (answer["IsTruncated"], answer["Name"]) == (False, bucket)
    assert (answer["Prefix"], answer["MaxKeys"]) == ("", 1000)


def test_byte_order(ask, filled):
    """UTF-8 binary order: not that of letters, nor that of UTF-16."""
    names = ["Z", "a", "a-b", "a.b", "a/b", "a0", "é", "\ue000", "😀"]
    assert keys(ask(Bucket=filled(*reversed(names)), EncodingType="url")) != []
    assert keys(ask(Bucket=filled())) == sorted(names, key=str.encode)


@pytest.mark.parametrize(
    ("prefix", "delimiter", "contents", "common"),
    [
        ("", "", KEYS, []),
        ("", "/", ["bar", "baz", "cab", "foo", "g"], ["b/", "q/"]),
        ("b", "", KEYS[:6], []),
        ("b", "/", ["bar", "baz"], ["b/"]),
        ("b/", "/", [], ["b/a/", "b/b/"]),
        ("b/a", "/", [], ["b/a/"]),
        ("b/a/", "/", ["b/a/c", "b/a/g", "b/a/r"], []),
        ("b/a/c", "/", ["b/a/c"], []),
        ("d", "/", [], []),
        ("\n", "", [], []),
        ("", "a", ["b/b/d", "foo", "g", "q/w"], ["b/a", "ba", "ca"]),
        ("", "ba", ["b/a/c", "b/a/g", "b/a/r", "b/b/d", "cab", "foo", "g", "q/w"], ["ba"]),
        ("b/", "z", ["b/a/c", "b/a/g", "b/a/r", "b/b/d"], []),
        ("", "\n", KEYS, []),
        ("/", "/", [], []),
    ],
)
def test_prefix_and_delimiter(ask, filled, prefix, delimiter, contents, common):
    answer = ask(Bucket=filled(*KEYS), Prefix=prefix, Delimiter=delimiter)
    assert keys(answer) == contents
    assert prefixes(answer) == common
    assert answer["Prefix"] == prefix
    assert answer.get("Delimiter", "") == delimiter
    if "KeyCount" in answer:
        assert answer["KeyCount"] == len(contents) + len(common)


@pytest.mark.parametrize("delimiter", ["%", " ", ".", "_", "+"])
def test_other_delimiters(ask, filled, delimiter):
    names = [each.replace("/", delimiter) for each in ("b/ar", "b/az", "c/ab", "foo")]
    answer = ask(Bucket=filled(*names), Delimiter=delimiter)
    assert (keys(answer), prefixes(answer)) == (["foo"], ["b" + delimiter, "c" + delimiter])


def test_keys_that_are_folders(ask, filled):
    answer = ask(Bucket=filled("a/", "a/b", "c/"), Prefix="a/", Delimiter="/")
    assert (keys(answer), prefixes(answer)) == (["a/", "a/b"], [])


@pytest.mark.parametrize("most", [1, 2, 3, 4, 1000])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_hold_everything_once_v1(s3, filled, most, delimiter):
    bucket, marker, found = filled(*KEYS), "", []
    whole = s3.list_objects(Bucket=bucket, Delimiter=delimiter)
    for _ in range(20):
        page = s3.list_objects(Bucket=bucket, Delimiter=delimiter, MaxKeys=most, Marker=marker)
        entries = sorted(keys(page) + prefixes(page))
        assert len(entries) <= most
        found += entries
        if not page["IsTruncated"]:
            break
        assert ("NextMarker" in page) == bool(delimiter)
        marker = page.get("NextMarker") or entries[-1]
    assert found == sorted(keys(whole) + prefixes(whole))


@pytest.mark.parametrize("most", [1, 2, 3, 4, 1000])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_hold_everything_once_v2(s3, filled, most, delimiter):
    bucket, more, found = filled(*KEYS), {}, []
    whole = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)
    for _ in range(20):
        page = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter, MaxKeys=most, **more)
        assert page["KeyCount"] == len(keys(page) + prefixes(page)) <= most
        found += sorted(keys(page) + prefixes(page))
        assert ("NextContinuationToken" in page) == page["IsTruncated"]
        if not page["IsTruncated"]:
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    assert found == sorted(keys(whole) + prefixes(whole))


@pytest.mark.parametrize(
    ("marker", "contents"),
    [
        ("", KEYS),
        ("bar", KEYS[5:]),
        ("blah", KEYS[6:]),
        ("zzz", []),
        ("\n", KEYS),
        ("b/a/z", KEYS[3:]),
    ],
)
def test_after_a_key(s3, filled, marker, contents):
    bucket = filled(*KEYS)
    first = s3.list_objects(Bucket=bucket, Marker=marker)
    second = s3.list_objects_v2(Bucket=bucket, StartAfter=marker)
    assert keys(first) == keys(second) == contents
    assert first["Marker"] == marker
    assert second.get("StartAfter", "") == marker
    assert not first["IsTruncated"]
    assert not second["IsTruncated"]


@pytest.mark.parametrize(
    ("marker", "contents", "common"),
    [
        ("b/", ["bar", "baz", "cab", "foo", "g"], ["q/"]),
        ("b/a/c", ["bar", "baz", "cab", "foo", "g"], ["b/", "q/"]),
        ("b0", ["bar", "baz", "cab", "foo", "g"], ["q/"]),
        ("q/", [], []),
    ],
)
def test_after_a_common_prefix(s3, filled, marker, contents, common):
    """A marker within a common prefix does not hide it; the prefix itself does (V1)."""
    answer = s3.list_objects(Bucket=filled(*KEYS), Marker=marker, Delimiter="/")
    assert (keys(answer), prefixes(answer)) == (contents, common)


def test_a_token_wins_over_a_start(s3, filled):
    bucket = filled("bar", "baz", "foo", "quxx")
    first = s3.list_objects_v2(Bucket=bucket, StartAfter="bar", MaxKeys=1)
    token = first["NextContinuationToken"]
    assert (keys(first), first["StartAfter"], first["IsTruncated"]) == (["baz"], "bar", True)
    second = s3.list_objects_v2(Bucket=bucket, StartAfter="bar", ContinuationToken=token)
    assert keys(second) == ["foo", "quxx"]
    assert second["ContinuationToken"] == token
    assert not second["IsTruncated"]


def test_a_token_that_was_never_given(s3, bucket, refused):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="never given")


@pytest.mark.parametrize("most", ["-1", "many", "1.5", "99999999999999"])
@pytest.mark.parametrize("version", ["", "list-type=2&"])
def test_bad_limits(send, bucket, most, version):
    answer = send("GET", f"/{bucket}?{version}max-keys={most}")
    assert answer.refusal == ("InvalidArgument", 400)


def test_no_keys_at_all(ask, filled):
    answer = ask(Bucket=filled("a"), MaxKeys=0)
    assert (answer["IsTruncated"], answer["MaxKeys"]) == (False, 0)
    assert "Contents" not in answer


def test_more_than_a_thousand_is_a_thousand(ask, bucket):
    answer = ask(Bucket=bucket, MaxKeys=2000)
    assert answer["MaxKeys"] == 1000


def test_a_bad_encoding(send, bucket):
    for version in ("", "list-type=2&"):
        answer = send("GET", f"/{bucket}?{version}encoding-type=base64")
        assert answer.refusal == ("InvalidArgument", 400)


def test_keys_that_are_encoded(send, s3, filled):
    bucket = filled("a+b c/d", "foo%/x", "ü\n", "quux~*()!'")
    text = send("GET", f"/{bucket}?list-type=2&encoding-type=url&delimiter=%2F").body.decode()
    assert "<EncodingType>url</EncodingType>" in text
    assert "<Prefix>a%2Bb+c/</Prefix>" in text or "<Prefix>a%2Bb%20c/</Prefix>" in text
    assert "<Prefix>foo%25/</Prefix>" in text
    assert "<Key>%C3%BC%0A</Key>" in text
    assert "<Delimiter>/</Delimiter>" in text or "<Delimiter>%2F</Delimiter>" in text
    plain = send("GET", f"/{bucket}?list-type=2&prefix=a%2Bb").body.decode()
    assert "<Key>a+b c/d</Key>" in plain
    assert "EncodingType" not in plain


def test_owners(s3, filled):
    bucket = filled("k")
    assert "Owner" in s3.list_objects(Bucket=bucket)["Contents"][0]
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket, FetchOwner=False)["Contents"][0]
    owner = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner["ID"] == s3.list_buckets()["Owner"]["ID"]


def test_what_an_entry_says(s3, ask, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA1")
    found = ask(Bucket=bucket)["Contents"][0]
    assert (found["Key"], found["Size"], found["ETag"]) == ("k", 5, put["ETag"])
    assert found["StorageClass"] == "STANDARD"
    assert found["ChecksumAlgorithm"] == ["SHA1"]
    assert found["ChecksumType"] == "FULL_OBJECT"


def test_a_public_bucket(server, s3, anonymous, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert keys(anonymous.list_objects(Bucket=bucket)) == ["k"]
    assert keys(anonymous.list_objects_v2(Bucket=bucket)) == ["k"]


def test_a_private_bucket(anonymous, bucket, refused):
    for ask in (anonymous.list_objects, anonymous.list_objects_v2):
        with refused("AccessDenied", 403):
            ask(Bucket=bucket)


def test_deleted_keys_are_gone_from_listings(s3, ask, versioned):
    for key in "abc":
        s3.put_object(Bucket=versioned, Key=f"{key}/1", Body=b"1")
    s3.delete_object(Bucket=versioned, Key="b/1")
    assert keys(ask(Bucket=versioned)) == ["a/1", "c/1"]
    assert prefixes(ask(Bucket=versioned, Delimiter="/")) == ["a/", "c/"]


def test_a_virtual_host_is_no_bucket_of_ours(server):
    """The server has no domain: a bucket's name in the host is not looked at."""
    client = client_of(server, server.alice)
    assert "Buckets" in client.list_buckets()


def test_refusals_name_the_argument(send, bucket):
    answer = send("GET", f"/{bucket}?list-type=2&continuation-token=zzz")
    assert b"<ArgumentName>continuation-token</ArgumentName>" in answer.body
    answer = send("GET", f"/{bucket}?encoding-type=base64")
    assert b"<ArgumentName>encoding-type</ArgumentName>" in answer.body
    assert b"<ArgumentValue>base64</ArgumentValue>" in answer.body
