"""What an object's headers say, in both directions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from holdall.core.values import Revision, Versioning
from holdall.s3.errors import S3Error
from holdall.server import objects


def refused(code: str, call: object, *args: object) -> None:
    with pytest.raises(S3Error) as caught:
        call(*args)  # type: ignore[operator]
    assert caught.value.code == code


def revision(**more: object) -> Revision:
    time = datetime(2013, 5, 24, tzinfo=UTC)
    return Revision("k", 3, "v3", 5, time, "text/plain", "tag", **more)  # type: ignore[arg-type]


def test_metadata() -> None:
    found = objects.metadata_of({"x-amz-meta-a": "1", "x-amz-acl": "private", "b": "2"})
    assert found == {"a": "1"}


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("plain", "plain"),
        ("grün".encode().decode("latin-1"), "grün"),
        ("gr\xfcn", "gr\xfcn"),  # latin-1 that is no UTF-8
        ("=?UTF-8?Q?gr=C3=BCn?=", "grün"),
        ("=?UTF-8?B?Z3LDvG4=?=", "grün"),
        ("=?nonsense?Q?x?=", "=?nonsense?Q?x?="),
    ],
)
def test_text_of_other_alphabets(sent: str, text: str) -> None:
    assert objects.metadata_of({"x-amz-meta-a": sent}) == {"a": text}


@pytest.mark.parametrize(
    "value", ["a\r\nSet-Cookie: x", "a\0b", "=?utf-8?q?a=0D=0ASet-Cookie:x?=", "a\x7f"]
)
def test_no_line_ends_in_headers(value: str) -> None:
    refused("InvalidArgument", objects.metadata_of, {"x-amz-meta-a": value})
    refused("InvalidArgument", objects.attributes_of, {"cache-control": value})


def test_names_of_metadata_are_names_of_headers() -> None:
    refused("InvalidArgument", objects.metadata_of, {"x-amz-meta-a\r\nb": "1"})
    refused("InvalidArgument", objects.metadata_of, {"x-amz-meta-a:b": "1"})


def test_two_kibibytes_of_metadata() -> None:
    assert objects.metadata_of({"x-amz-meta-a": "b" * 2047})
    refused("MetadataTooLarge", objects.metadata_of, {"x-amz-meta-a": "b" * 2048})


def test_what_is_kept() -> None:
    headers = {
        "cache-control": "no-store",
        "content-encoding": "aws-chunked,gzip",
        "content-length": "5",
        "expires": "soon",
        "x-amz-storage-class": "STANDARD_IA",
    }
    assert objects.attributes_of(headers) == {
        "cache-control": "no-store",
        "content-encoding": "gzip",
        "expires": "soon",
        "storage-class": "STANDARD_IA",
    }
    assert objects.attributes_of({"content-encoding": "aws-chunked"}) == {}
    assert objects.attributes_of({"x-amz-storage-class": "STANDARD"}) == {}
    refused("InvalidStorageClass", objects.attributes_of, {"x-amz-storage-class": "FAST"})


def test_a_type_is_kept_as_it_is() -> None:
    assert objects.content_type_of({"content-type": "text/x; a=b"}) == "text/x; a=b"
    assert objects.content_type_of({}) == "binary/octet-stream"


def test_tags() -> None:
    assert objects.tags_of("a=1&b=%C3%BC&c=&d") == {"a": "1", "b": "ü", "c": "", "d": ""}
    assert objects.tags_of(None) == objects.tags_of("") == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a=1&a=2", "InvalidTag"),
        ("=1", "InvalidTag"),
        ("aws:a=1", "InvalidTag"),
        ("a=%3C", "InvalidTag"),
        (f"{'k' * 129}=1", "InvalidTag"),
        (f"a={'v' * 257}", "InvalidTag"),
        ("a=%FF", "InvalidArgument"),
        ("&".join(f"k{number}=1" for number in range(11)), "BadRequest"),
    ],
)
def test_what_are_no_tags(text: str, code: str) -> None:
    refused(code, objects.tags_of, text)


def test_what_is_said_of_an_object() -> None:
    found = revision(
        metadata={"a": "grün"}, tags={"x": "1"}, attributes={"expires": "soon", "owner": "eve"}
    )
    assert objects.describing(found, Versioning.ENABLED) == [
        ("last-modified", "Fri, 24 May 2013 00:00:00 GMT"),
        ("etag", '"tag"'),
        ("accept-ranges", "bytes"),
        ("x-amz-version-id", "v3"),
        ("x-amz-meta-a", "grün".encode().decode("latin-1")),
        ("expires", "soon"),
    ]


def test_versions() -> None:
    assert objects.version_header(revision(), Versioning.OFF) == []
    null = revision(is_null=True)
    assert objects.version_header(null, Versioning.SUSPENDED) == [("x-amz-version-id", "null")]
