"""Multipart uploads: create, part, part copy, complete, abort, list."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError

MIB = 1024 * 1024
LARGE = bytes(range(256)) * (5 * MIB // 256)


@pytest.fixture
def begin(s3, bucket):
    """Begin an upload; give its arguments."""

    def begin(key="k", **options):
        found = s3.create_multipart_upload(Bucket=bucket, Key=key, **options)
        assert (found["Bucket"], found["Key"]) == (bucket, key)
        return {"Bucket": bucket, "Key": key, "UploadId": found["UploadId"]}

    return begin


def part(s3, upload, number, body):
    etag = s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
    assert etag == f'"{hashlib.md5(body).hexdigest()}"'
    return {"PartNumber": number, "ETag": etag}


def complete(s3, upload, *parts, **options):
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": list(parts)}, **options)


def etag_of(*bodies):
    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    return f'"{digest}-{len(bodies)}"'


def test_an_upload(s3, bucket, begin):
    upload = begin(ContentType="text/x", Metadata={"a": "b"}, StorageClass="STANDARD_IA")
    parts = [part(s3, upload, 1, LARGE), part(s3, upload, 2, b"end")]
    answer = complete(s3, upload, *parts)
    assert answer["ETag"] == etag_of(LARGE, b"end")
    assert (answer["Bucket"], answer["Key"]) == (bucket, "k")
    assert answer["Location"].endswith(f"/{bucket}/k")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == LARGE + b"end"
    assert (got["ContentType"], got["Metadata"]) == ("text/x", {"a": "b"})
    assert got["StorageClass"] == "STANDARD_IA"
    assert got["ETag"] == answer["ETag"]


def test_one_small_part(s3, bucket, begin):
    upload = begin()
    answer = complete(s3, upload, part(s3, upload, 1, b"small"))
    assert answer["ETag"] == etag_of(b"small")


def test_an_empty_part(s3, bucket, begin):
    upload = begin()
    complete(s3, upload, part(s3, upload, 1, b""))
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 0


def test_part_numbers_may_have_gaps(s3, bucket, begin):
    upload = begin()
    parts = [part(s3, upload, 7, LARGE), part(s3, upload, 10_000, b"end")]
    complete(s3, upload, *parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == LARGE + b"end"


def test_parts_that_are_not_named_are_left_out(s3, bucket, begin):
    upload = begin()
    part(s3, upload, 1, LARGE)
    second = part(s3, upload, 2, b"second")
    complete(s3, upload, second)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_a_part_sent_again_replaces(s3, bucket, begin, refused):
    upload = begin()
    old = part(s3, upload, 1, b"old")
    new = part(s3, upload, 1, b"new")
    with refused("InvalidPart", 400):
        complete(s3, upload, old)
    complete(s3, upload, new)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_a_small_part_before_the_last(s3, begin, refused):
    upload = begin()
    parts = [part(s3, upload, 1, b"small"), part(s3, upload, 2, b"end")]
    with refused("EntityTooSmall", 400):
        complete(s3, upload, *parts)


def test_a_missing_part(s3, begin, refused):
    upload = begin()
    etag = part(s3, upload, 1, b"1")["ETag"]
    with refused("InvalidPart", 400):
        complete(s3, upload, {"PartNumber": 9999, "ETag": etag})


def test_a_wrong_entity_tag(s3, begin, refused):
    upload = begin()
    part(s3, upload, 1, b"1")
    with refused("InvalidPart", 400):
        complete(s3, upload, {"PartNumber": 1, "ETag": '"ffffffffffffffffffffffffffffffff"'})


def test_tags_without_quotes_do(s3, begin):
    upload = begin()
    found = part(s3, upload, 1, b"1")
    complete(s3, upload, {"PartNumber": 1, "ETag": found["ETag"].strip('"')})


def test_parts_out_of_order(s3, begin, refused):
    upload = begin()
    parts = [part(s3, upload, 1, LARGE), part(s3, upload, 2, b"end")]
    with refused("InvalidPartOrder", 400):
        complete(s3, upload, *reversed(parts))
    with refused("InvalidPartOrder", 400):
        complete(s3, upload, parts[0], parts[0])


def test_no_parts(s3, begin, refused):
    upload = begin()
    with refused("MalformedXML", 400):
        complete(s3, upload)


@pytest.mark.parametrize("body", [b"", b"<Complete", b"<A/>", b"<CompleteMultipartUpload/>"])
def test_a_completion_that_says_nothing(send, begin, body):
    upload = begin()
    path = f"/{upload['Bucket']}/k?uploadId={upload['UploadId']}"
    answer = send("POST", path, body)
    assert answer.status == 400
    assert answer.code in ("MalformedXML", "InvalidRequest")


@pytest.mark.parametrize("number", ["0", "-1", "10001", "one", ""])
def test_bad_part_numbers(send, begin, number):
    upload = begin()
    path = f"/{upload['Bucket']}/k?partNumber={number}&uploadId={upload['UploadId']}"
    assert send("PUT", path, b"1").refusal == ("InvalidArgument", 400)


def test_an_upload_that_never_was(s3, bucket, refused):
    upload = {"Bucket": bucket, "Key": "k", "UploadId": "never"}
    for ask in (
        lambda: s3.upload_part(**upload, PartNumber=1, Body=b"1"),
        lambda: s3.list_parts(**upload),
        lambda: s3.abort_multipart_upload(**upload),
        lambda: complete(s3, upload, {"PartNumber": 1, "ETag": '"a"'}),
    ):
        with refused("NoSuchUpload", 404):
            ask()


def test_an_upload_of_another_key(s3, begin, refused):
    upload = begin() | {"Key": "other"}
    with refused("NoSuchUpload", 404):
        s3.upload_part(**upload, PartNumber=1, Body=b"1")


def test_an_aborted_upload(s3, bucket, begin, refused):
    upload = begin()
    part(s3, upload, 1, b"1")
    assert s3.abort_multipart_upload(**upload)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchUpload", 404):
        s3.list_parts(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_completion_can_be_repeated(s3, begin):
    """Completing twice with the same parts answers alike, for a while (CompleteMultipartUpload)."""
    upload = begin()
    found = part(s3, upload, 1, b"1")
    first = complete(s3, upload, found)
    assert complete(s3, upload, found)["ETag"] == first["ETag"]


def test_nothing_is_seen_before_completion(s3, bucket, begin, refused):
    upload = begin()
    part(s3, upload, 1, b"1")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_parts_are_listed(s3, begin):
    upload = begin()
    for number in (3, 1, 2):
        part(s3, upload, number, b"x" * number)
    answer = s3.list_parts(**upload)
    assert [(each["PartNumber"], each["Size"]) for each in answer["Parts"]] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    assert (answer["IsTruncated"], answer["MaxParts"]) == (False, 1000)
    assert answer["StorageClass"] == "STANDARD"
    owner = s3.list_buckets()["Owner"]["ID"]
    assert answer["Owner"]["ID"] == answer["Initiator"]["ID"] == owner


def test_pages_of_parts(s3, begin):
    upload = begin()
    for number in range(1, 6):
        part(s3, upload, number, b"1")
    found, after = [], 0
    for _ in range(9):
        page = s3.list_parts(**upload, MaxParts=2, PartNumberMarker=after)
        found += [each["PartNumber"] for each in page["Parts"]]
        if not page["IsTruncated"]:
            break
        after = page["NextPartNumberMarker"]
    assert found == [1, 2, 3, 4, 5]


def test_uploads_are_listed(s3, bucket, begin):
    ids = [begin(key)["UploadId"] for key in ("b", "a", "a/1", "a/2", "b")]
    found = s3.list_multipart_uploads(Bucket=bucket)
    assert [each["Key"] for each in found["Uploads"]] == ["a", "a/1", "a/2", "b", "b"]
    assert {each["UploadId"] for each in found["Uploads"]} == set(ids)
    owner = s3.list_buckets()["Owner"]["ID"]
    for each in found["Uploads"]:
        assert each["Owner"]["ID"] == each["Initiator"]["ID"] == owner
        assert each["StorageClass"] == "STANDARD"
        assert each["Initiated"]
    found = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [each["Key"] for each in found["Uploads"]] == ["a", "b", "b"]
    assert [each["Prefix"] for each in found["CommonPrefixes"]] == ["a/"]
    found = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")
    assert [each["Key"] for each in found["Uploads"]] == ["a/1", "a/2"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_pages_of_uploads(s3, bucket, begin, most):
    ids = {begin(key)["UploadId"] for key in ("a", "b", "b", "b", "c")}
    found, more = [], {}
    for _ in range(9):
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=most, **more)
        found += [each["UploadId"] for each in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert len(found) == 5
    assert set(found) == ids


def test_parts_can_be_read_by_number(s3, bucket, begin, refused):
    upload = begin()
    complete(s3, upload, part(s3, upload, 1, LARGE), part(s3, upload, 2, b"end"))
    got = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert got["Body"].read() == b"end"
    assert (got["PartsCount"], got["ContentLength"]) == (2, 3)
    assert got["ContentRange"] == f"bytes {5 * MIB}-{5 * MIB + 2}/{5 * MIB + 3}"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    head = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (head["PartsCount"], head["ContentLength"]) == (2, 5 * MIB)
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=3)


def test_part_and_range_exclude_each_other(send, s3, begin):
    upload = begin()
    complete(s3, upload, part(s3, upload, 1, b"1"))
    path = f"/{upload['Bucket']}/k?partNumber=1"
    assert send("GET", path, headers={"Range": "bytes=0-0"}).refusal == ("InvalidRequest", 400)


def test_attributes_tell_of_parts(s3, bucket, begin):
    upload = begin(ChecksumAlgorithm="CRC32")
    sent = []
    for number, body in enumerate((LARGE, LARGE, b"end"), 1):
        found = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        names = ("ETag", "ChecksumCRC32")
        sent.append({"PartNumber": number} | {name: found[name] for name in names})
    complete(s3, upload, *sent)
    found = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"], MaxParts=2
    )
    parts = found["ObjectParts"]
    assert (parts["TotalPartsCount"], parts["IsTruncated"]) == (3, True)
    assert [each["PartNumber"] for each in parts["Parts"]] == [1, 2]
    assert [each["Size"] for each in parts["Parts"]] == [5 * MIB] * 2
    assert parts["Parts"][0]["ChecksumCRC32"] == sent[0]["ChecksumCRC32"]
    rest = s3.get_object_attributes(
        Bucket=bucket,
        Key="k",
        ObjectAttributes=["ObjectParts"],
        PartNumberMarker=parts["NextPartNumberMarker"],
    )["ObjectParts"]
    assert [each["PartNumber"] for each in rest["Parts"]] == [3]
    assert rest["IsTruncated"] is False
    assert found["Checksum"]["ChecksumType"] == "COMPOSITE"


def test_copying_parts(s3, bucket, second, begin):
    s3.put_object(Bucket=second, Key="src", Body=LARGE + b"0123456789")
    upload = begin()
    source = {"Bucket": second, "Key": "src"}
    parts = []
    for number, span in ((1, f"bytes=0-{5 * MIB - 1}"), (2, f"bytes={5 * MIB}-{5 * MIB + 4}")):
        found = s3.upload_part_copy(
            **upload, PartNumber=number, CopySource=source, CopySourceRange=span
        )["CopyPartResult"]
        assert found["LastModified"]
        parts.append({"PartNumber": number, "ETag": found["ETag"]})
    complete(s3, upload, *parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == LARGE + b"01234"


@pytest.mark.parametrize(
    "span",
    [
        "0-2",
        "bytes=0",
        "bytes=hello-world",
        "bytes=0-bar",
        "bytes=hello-",
        "bytes=0-2,3-5",
        "bytes=-2",
    ],
)
def test_copying_a_bad_range(s3, bucket, begin, refused, span):
    s3.put_object(Bucket=bucket, Key="src", Body=b"01234")
    with refused("InvalidArgument", 400):
        s3.upload_part_copy(
            **begin(),
            PartNumber=1,
            CopySource={"Bucket": bucket, "Key": "src"},
            CopySourceRange=span,
        )


def test_copying_beyond_the_end(s3, bucket, begin):
    s3.put_object(Bucket=bucket, Key="src", Body=b"01234")
    with pytest.raises(ClientError) as found:
        s3.upload_part_copy(
            **begin(),
            PartNumber=1,
            CopySource={"Bucket": bucket, "Key": "src"},
            CopySourceRange="bytes=0-21",
        )
    code = found.value.response["Error"]["Code"]
    status = found.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert (code, status) in (("InvalidRange", 416), ("InvalidArgument", 400))


def test_copying_from_nothing(s3, bucket, begin, refused):
    for source, code in (
        ({"Bucket": bucket, "Key": "absent"}, "NoSuchKey"),
        ({"Bucket": "no-such-bucket", "Key": "k"}, "NoSuchBucket"),
    ):
        with refused(code, 404):
            s3.upload_part_copy(**begin(), PartNumber=1, CopySource=source)


def test_a_completed_upload_is_a_version(s3, versioned):
    s3.put_object(Bucket=versioned, Key="k", Body=b"old")
    id = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
    upload = {"Bucket": versioned, "Key": "k", "UploadId": id}
    answer = complete(s3, upload, part(s3, upload, 1, b"new"))
    assert answer["VersionId"] == s3.head_object(Bucket=versioned, Key="k")["VersionId"]
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 2


@pytest.mark.parametrize("name", ["If-None-Match", "If-Match"])
def test_conditions_of_a_completion(s3, bucket, begin, refused, name):
    upload = begin()
    found = part(s3, upload, 1, b"new")
    option = name.replace("-", "")
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    wrong = {"IfNoneMatch": "*"} if option == "IfNoneMatch" else {"IfMatch": '"other"'}
    with refused("PreconditionFailed", 412):
        complete(s3, upload, found, **wrong)
    complete(s3, upload, found, IfMatch=etag)


def test_the_size_that_a_completion_promises(s3, begin, refused):
    upload = begin()
    found = part(s3, upload, 1, b"123")
    with refused("InvalidRequest", 400):
        complete(s3, upload, found, MpuObjectSize=4)
    complete(s3, upload, found, MpuObjectSize=3)


def test_an_upload_of_another_caller(other, begin, refused):
    upload = begin()
    with refused("AccessDenied", 403):
        other.upload_part(**upload, PartNumber=1, Body=b"1")
    with refused("AccessDenied", 403):
        other.list_multipart_uploads(Bucket=upload["Bucket"])


def test_tags_and_acl_of_an_upload(s3, anonymous, bucket, begin):
    upload = begin(Tagging="a=b", ACL="public-read")
    complete(s3, upload, part(s3, upload, 1, b"1"))
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]
    assert anonymous.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
