"""Which operation a request is, and what is never mistaken for one."""

from __future__ import annotations

from collections import Counter

import pytest

from holdall.s3.errors import S3Error
from holdall.server.request import Request
from holdall.server.table import ROUTES, _route, route_of


async def nothing() -> dict[str, object]:
    raise AssertionError("routing does not read bodies")


def request(method: str, target: str, **headers: str) -> Request:
    path, _, query = target.partition("?")
    scope = {
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }
    return Request(scope, nothing, "ID")


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/", "ListBuckets"),
        ("PUT", "/box", "CreateBucket"),
        ("PUT", "/box/", "CreateBucket"),
        ("GET", "/box", "ListObjects"),
        ("GET", "/box?list-type=2&prefix=a", "ListObjectsV2"),
        ("GET", "/box?versions", "ListObjectVersions"),
        ("GET", "/box?uploads", "ListMultipartUploads"),
        ("PUT", "/box/k", "PutObject"),
        ("PUT", "/box//", "PutObject"),
        ("PUT", "/box/k?partNumber=1&uploadId=u", "UploadPart"),
        ("POST", "/box/k?uploads", "CreateMultipartUpload"),
        ("POST", "/box/k?uploadId=u", "CompleteMultipartUpload"),
        ("POST", "/box?delete", "DeleteObjects"),
        ("GET", "/box/k?versionId=v&response-content-type=x", "GetObject"),
        ("GET", "/box/k?partNumber=2", "GetObject"),
        ("GET", "/box/k?x-id=GetObject", "GetObject"),
        ("DELETE", "/box/k?uploadId=u", "AbortMultipartUpload"),
        ("DELETE", "/box/k?tagging", "DeleteObjectTagging"),
    ],
)
def test_the_operation(method: str, target: str, name: str) -> None:
    assert route_of(request(method, target)).name == name


def test_names_that_clients_invent_are_not_kept() -> None:
    route_of(request("GET", "/box/k?partNumber=2"))
    known = _route.cache_info().currsize
    for name in range(100):
        assert route_of(request("GET", f"/box/k?partNumber=2&n{name}")).name == "GetObject"
    assert _route.cache_info().currsize == known


def test_copies_are_told_apart_by_a_header() -> None:
    copying = {"x_amz_copy_source": "/box/k"}
    assert route_of(request("PUT", "/box/k", **copying)).name == "CopyObject"
    part = request("PUT", "/box/k?partNumber=1&uploadId=u", **copying)
    assert route_of(part).name == "UploadPartCopy"


@pytest.mark.parametrize(
    ("method", "target", "code"),
    [
        ("DELETE", "/box?metadataTable", "NotImplemented"),
        ("DELETE", "/box?acl", "MethodNotAllowed"),
        ("DELETE", "/box?versioning", "MethodNotAllowed"),
        ("PUT", "/box/k?renameObject", "NotImplemented"),
        ("PUT", "/box/k?encryption", "NotImplemented"),
        ("PUT", "/box/k?uploadId=u&acl", "MethodNotAllowed"),
        ("PUT", "/box/k?partNumber=1", "InvalidArgument"),
        ("GET", "/box?session", "NotImplemented"),
        ("PATCH", "/box/k", "MethodNotAllowed"),
        ("DELETE", "/", "MethodNotAllowed"),
    ],
)
def test_what_is_never_passed_over(method: str, target: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        route_of(request(method, target))
    assert caught.value.code == code


def test_no_two_routes_are_the_same_request() -> None:
    seen = Counter((route.level, route.method, route.query, route.copies) for route in ROUTES)
    assert [key for key, count in seen.items() if count > 1] == []
