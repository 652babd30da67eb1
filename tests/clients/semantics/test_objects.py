"""PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects, GetObjectAttributes."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from .conftest import path_of

ODD_KEYS = [
    " ",
    '"',
    "$",
    "%",
    "%25",
    "%2F",
    "&",
    "'",
    "<",
    ">",
    "_",
    "_ ",
    "__",
    "+",
    "a+b c",
    "//",
    "/leading",
    "trailing/",
    "a//b",
    "a/./b",
    "a/../b",
    "..",
    ".",
    "ключ",
    "日本語/ファイル",
    "🎒",
    "a\nb",
    "a\tb",
    "a\\b",
    "a?b=c",
    "a#b",
    "a;b",
    "a=b",
    "a:b@c",
    "\x01",
    "\x7f",
    "x" * 1024,
    "é" * 512,
    "~tilde",
    "soap",
    "*",
    "[a]{b}|^`",
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")["Contents"]
    assert len(listed) == 1
    if key == "\x01":  # XML 1.0 cannot say it
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key.replace("\x01", "x")}]})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("key", ["x" * 1025, "é" * 513])
def test_a_key_that_is_too_long(send, bucket, key):
    assert send("PUT", path_of(bucket, key), b"1").refusal == ("KeyTooLongError", 400)


@pytest.mark.parametrize("path", ["%ff", "%c3%28", "a%zz"])
def test_a_path_that_is_no_text(send, bucket, path):
    answer = send("PUT", f"/{bucket}/{path}", b"1", account=None)
    assert answer.status == 400
    assert answer.code in ("InvalidURI", "InvalidArgument")


@pytest.mark.parametrize("size", [0, 1, 100, 65536, 300_000, 6_000_000])
def test_bytes_come_back(s3, bucket, size):
    body = bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ContentLength"], got["ETag"]) == (size, put["ETag"])
    assert got["Body"].read() == body


def test_the_type_of_nothing_named(send, bucket):
    send("PUT", f"/{bucket}/k", b"1")
    assert send("HEAD", f"/{bucket}/k").headers["content-type"] == "binary/octet-stream"


def test_headers_are_kept(s3, bucket):
    kept = {
        "CacheControl": "public, max-age=14400",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "ContentType": "text/plain; charset=utf-8",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"1", Expires=datetime(2030, 1, 2, tzinfo=UTC), **kept
    )
    for found in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert {name: found[name] for name in kept} == kept
        assert found["ExpiresString"] == "Wed, 02 Jan 2030 00:00:00 GMT"
        assert found["AcceptRanges"] == "bytes"


def test_metadata_is_kept_and_replaced(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"One": "1", "empty": ""})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"one": "1", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"two": "2"})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"two": "2"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {}


def test_metadata_has_a_limit(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"a": "b" * 2047})
    with refused("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"a": "b" * 2048})


def test_the_storage_class(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", StorageClass="CLOUD")


OVERRIDES = {
    "ResponseCacheControl": ("CacheControl", "no-cache"),
    "ResponseContentDisposition": ("ContentDisposition", "bla"),
    "ResponseContentEncoding": ("ContentEncoding", "aaa"),
    "ResponseContentLanguage": ("ContentLanguage", "esperanto"),
    "ResponseContentType": ("ContentType", "foo/bar"),
}


def test_the_answer_s_headers_can_be_chosen(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    wishes = {wish: value for wish, (_, value) in OVERRIDES.items()}
    for ask in (s3.get_object, s3.head_object):
        found = ask(Bucket=bucket, Key="k", **wishes)
        assert {name: found[name] for name, _ in OVERRIDES.values()} == dict(OVERRIDES.values())


def test_a_redirect_leads_somewhere(send, bucket):
    headers = {"x-amz-website-redirect-location": "elsewhere"}
    answer = send("PUT", f"/{bucket}/k", b"1", headers)
    assert answer.refusal == ("InvalidRedirectLocation", 400)


def test_strangers_cannot_choose_headers(s3, send, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="public-read")
    assert send("GET", f"/{bucket}/k", account=None).status == 200
    path = f"/{bucket}/k?response-content-type=text%2Fhtml"
    assert send("GET", path, account=None).refusal == ("InvalidRequest", 400)


def test_no_such_key(s3, bucket, refused):
    with refused("NoSuchKey", 404) as refusal:
        s3.get_object(Bucket=bucket, Key="absent")
    assert refusal.error["Key"] == "absent"
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="absent")


def test_no_bucket_for_an_object(s3, refused):
    for ask in (
        lambda: s3.get_object(Bucket="no-such-bucket", Key="k"),
        lambda: s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"1"),
        lambda: s3.delete_object(Bucket="no-such-bucket", Key="k"),
        lambda: s3.delete_objects(Bucket="no-such-bucket", Delete={"Objects": [{"Key": "k"}]}),
        lambda: s3.create_multipart_upload(Bucket="no-such-bucket", Key="k"),
    ):
        with refused("NoSuchBucket", 404):
            ask()


def test_errors_are_documents(send, bucket):
    answer = send("GET", f"/{bucket}/absent")
    assert answer.headers["content-type"] == "application/xml"
    text = answer.body.decode()
    assert text.startswith("<?xml")
    for part in ("Code", "Message", "Key", "RequestId", "HostId"):
        assert re.search(f"<{part}>.+</{part}>", text), part
    assert f"<RequestId>{answer.headers['x-amz-request-id']}</RequestId>" in text
    assert answer.headers["x-amz-id-2"]


def test_a_head_has_no_body(send, bucket):
    assert send("HEAD", f"/{bucket}/absent").body == b""


def test_what_is_not_there_can_be_deleted(s3, bucket):
    answer = s3.delete_object(Bucket=bucket, Key="absent")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "DeleteMarker" not in answer


def test_many_are_deleted_twice(s3, bucket):
    keys = ["a", "b", "c"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    for _ in range(2):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys]})
        assert sorted(each["Key"] for each in answer["Deleted"]) == keys
        assert "Errors" not in answer


def test_a_quiet_deletion_tells_failures_only(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}], "Quiet": True})
    assert "Deleted" not in answer
    assert "Errors" not in answer


@pytest.mark.parametrize("count", [0, 1001])
def test_a_deletion_of_too_many_or_none(s3, bucket, refused, count):
    with refused("MalformedXML", 400):
        s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": str(i)} for i in range(count)]}
        )


def test_a_thousand_are_deleted(s3, bucket):
    objects = [{"Key": str(number)} for number in range(1000)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert len(answer["Deleted"]) == 1000


def test_a_deletion_must_have_a_checksum(send, bucket):
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    assert send("POST", f"/{bucket}?delete", body).refusal == ("InvalidRequest", 400)


def test_a_deletion_that_is_no_xml(send, bucket):
    body = b"<Delete><Object>"
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = send("POST", f"/{bucket}?delete", body, {"Content-MD5": digest})
    assert answer.refusal == ("MalformedXML", 400)


def test_attributes_of_an_object(s3, bucket):
    body = b"0123456789"
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm="SHA256")
    found = s3.get_object_attributes(
        Bucket=bucket,
        Key="k",
        ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"],
    )
    assert found["ETag"] == put["ETag"].strip('"')
    assert found["ObjectSize"] == 10
    assert found["StorageClass"] == "STANDARD"
    assert found["Checksum"]["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert "ObjectParts" not in found
    assert found["LastModified"] is not None


def test_only_attributes_that_were_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert found["ObjectSize"] == 1
    assert not found.keys() & {"ETag", "Checksum", "ObjectParts", "StorageClass"}


@pytest.mark.parametrize("wishes", [[], ["Size"]])
def test_attributes_that_are_none(s3, bucket, wishes):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with pytest.raises(ClientError) as found:
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wishes)
    assert found.value.response["Error"]["Code"] in ("InvalidArgument", "InvalidRequest")
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_attributes_of_nothing(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        s3.get_object_attributes(Bucket=bucket, Key="absent", ObjectAttributes=["ETag"])


def test_an_object_s_part(s3, bucket, refused):
    """`partNumber` on an object that was put whole: it is its only part, and has no count."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert got["Body"].read() == b"0123456789"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert "PartsCount" not in got
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=2)


def test_the_time_of_change_is_shown_alike(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    head = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["LastModified"]
    assert listed.replace(microsecond=0) == head
    assert abs((datetime.now(UTC) - head).total_seconds()) < 60


def test_unicode_metadata(send, bucket):
    name = "Grüße".encode().decode("latin-1")
    assert send("PUT", f"/{bucket}/k", b"1", late={"x-amz-meta-a": None}).status == 200
    text = "=?UTF-8?B?" + base64.b64encode("Grüße".encode()).decode() + "?="
    assert send("PUT", f"/{bucket}/k", b"1", {"x-amz-meta-name": text}).status == 200
    found = send("HEAD", f"/{bucket}/k").headers["x-amz-meta-name"]
    assert found in (text, name, "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=")


def test_restoring_what_is_no_archive(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("InvalidObjectState", 403):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})


def test_attributes_of_a_version(s3, versioned):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"12")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"123")
    found = s3.get_object_attributes(
        Bucket=versioned, Key="k", VersionId=id, ObjectAttributes=["ObjectSize"]
    )
    assert (found["ObjectSize"], found["VersionId"]) == (2, id)


def test_torrents_are_not_known(send, bucket):
    send("PUT", f"/{bucket}/k", b"1")
    assert send("GET", f"/{bucket}/k?torrent").status in (404, 405, 501)


def test_an_object_does_not_grow(send, s3, bucket):
    """Directory buckets append by this header: to pass it over would replace the object."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    answer = send("PUT", f"/{bucket}/k", b"second", {"x-amz-write-offset-bytes": "5"})
    assert answer.refusal == ("NotImplemented", 501)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


@pytest.mark.parametrize("ask", ["get_object", "head_object"])
def test_the_number_of_tags_is_for_those_who_may_read_them(s3, anonymous, bucket, ask):
    """API reference, GetObject: `x-amz-tagging-count`."""
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**named, Body=b"1", Tagging="a=1&b=2", ACL="public-read")
    assert (
        getattr(s3, ask)(**named)["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "2"
    )
    headers = getattr(anonymous, ask)(**named)["ResponseMetadata"]["HTTPHeaders"]
    assert "x-amz-tagging-count" not in headers
