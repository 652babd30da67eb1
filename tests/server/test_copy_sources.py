from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.copy_sources import Named, named, spellings


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("b/k", Named("b", "k", None)),
        ("/b/k", Named("b", "k", None)),
        ("b/a/b//c/", Named("b", "a/b//c/", None)),
        ("b//k", Named("b", "/k", None)),
        ("b/./../k", Named("b", "./../k", None)),
        ("b%2Fa%20b", Named("b", "a b", None)),
        ("b/a+b", Named("b", "a b", None)),
        ("b/%2525", Named("b", "%25", None)),
        ("b/%C3%BC", Named("b", "ü", None)),
        ("b/Ã¼", Named("b", "ü", None)),  # UTF-8 that was not encoded
        ("b/k?versionId=v1", Named("b", "k", "v1")),
        ("b/%3FversionId=v1", Named("b", "?versionId=v1", None)),
        ("b/?versionId", Named("b", "?versionId", None)),
    ],
)
def test_what_a_header_names(header: str, expected: Named) -> None:
    assert named(header) == expected


@pytest.mark.parametrize(
    "header", ["", "/", "b", "b/", "//k", "b/%", "b/%zz", "b/%ff", "b/k?versionId="]
)
def test_what_names_nothing(header: str) -> None:
    with pytest.raises(S3Error) as refusal:
        named(header)
    assert refusal.value.code == "InvalidArgument"


@pytest.mark.parametrize("header", ["b/a k", "/b/a+k", "b%2Fa%20k", "/b/%61%20k?versionId=v1"])
def test_policies_see_one_source_however_it_is_spelled(header: str) -> None:
    assert spellings(header) == ("b/a k", "/b/a k")


def test_what_names_nothing_is_seen_as_it_is() -> None:
    assert spellings("b/%zz") == ("b/%zz",)
