from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access import documents


@pytest.mark.parametrize(
    "body",
    [b"", b" {}", b"[]", b"\xef\xbb\xbf{}", b"{", b'{"a":1}x', b'{"a":\xff}', b'{"a":NaN}',
     b'{"a":1,"a":2}', b'{"b":{"a":1,"a":2}}', b'{"a":' + b"[" * 9999,
     b'{"a":' + b"1" * 9999 + b"}"],
)  # fmt: skip
def test_what_is_no_document(body: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        documents.load(body)
    assert caught.value.code == "MalformedPolicy"


def test_a_document_has_a_limit() -> None:
    body = b'{"a":"%s"}' % (b"x" * (documents.MAX_BYTES - 8))
    assert documents.load(body) == {"a": "x" * (documents.MAX_BYTES - 8)}
    with pytest.raises(S3Error, match="size of 20480 bytes"):
        documents.load(body + b" ")


@pytest.mark.parametrize("found", [None, 1, [], [1], ["\ud800"], {}, "\udfff", ["a", []]])
def test_what_are_no_texts(found: object) -> None:
    with pytest.raises(S3Error, match="the problem"):
        documents.texts(found, "the problem")


def test_scalars_are_taken_for_their_texts() -> None:
    assert documents.scalars([True, False, 1, 2.5, "x"], "") == ("true", "false", "1", "2.5", "x")
    assert documents.scalars(True, "") == ("true",)
    with pytest.raises(S3Error):
        documents.scalars([None], "")


def test_unknown_fields_are_named() -> None:
    with pytest.raises(S3Error, match="Unknown field Statment"):
        documents.fields({"Statment": 1}, frozenset({"Statement"}))
    with pytest.raises(S3Error, match=r"Unknown field \\ud800"):
        documents.fields({"\ud800": 1}, frozenset())
    with pytest.raises(S3Error):
        documents.fields([], frozenset())
