"""The Range header (RFC 9110, 14.2)."""

from __future__ import annotations

import pytest

CONTENT = b"0123456789"


@pytest.fixture
def path(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT)
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    return f"/{bucket}/k"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=4-7", 4, 8),
        ("bytes=4-", 4, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-30", 0, 10),
        ("bytes=9-100", 9, 10),
        ("bytes=0-99999999999999999999999", 0, 10),
        ("Bytes=1-2", 1, 3),
        ("bytes= 1-2", 1, 3),
    ],
)
def test_a_range(send, path, asked, start, end):
    answer = send("GET", path, headers={"Range": asked})
    assert (answer.status, answer.body) == (206, CONTENT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10"
    assert answer.headers["content-length"] == str(end - start)
    head = send("HEAD", path, headers={"Range": asked})
    assert (head.status, head.headers["content-length"]) == (206, str(end - start))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=99-", "bytes=-0"])
def test_a_range_beyond_the_end(send, path, asked):
    answer = send("GET", path, headers={"Range": asked})
    assert answer.refusal == ("InvalidRange", 416)
    assert answer.headers.get("content-range", "bytes */10") == "bytes */10"
    text = answer.body.decode()
    assert "<ActualObjectSize>10</ActualObjectSize>" in text
    assert f"<RangeRequested>{asked}</RangeRequested>" in text


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=a-b", "bytes", "lines=1-2", "bytes=", "bytes=-", "0-4", "bytes=1-2-3"],
)
def test_what_is_no_range_is_passed_over(send, path, asked):
    answer = send("GET", path, headers={"Range": asked})
    assert (answer.status, answer.body) == (200, CONTENT)


def test_several_ranges_are_the_whole(send, path):
    """S3 does not send several ranges at a time (GetObject)."""
    answer = send("GET", path, headers={"Range": "bytes=0-1,4-5"})
    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=0-", "bytes=-1", "bytes=40-50"])
def test_ranges_of_nothing(send, path, asked):
    answer = send("GET", path.replace("/k", "/empty"), headers={"Range": asked})
    assert answer.refusal == ("InvalidRange", 416)


def test_a_range_across_parts(s3, bucket):
    body = bytes(range(256)) * 20480
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    named = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**named, PartNumber=n, Body=body)["ETag"]}
        for n in (1, 2)
    ]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    asked = f"bytes={len(body) - 3}-{len(body) + 2}"
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == body[-3:] + body[:3]
