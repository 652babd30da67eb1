from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.core.errors import InvalidArgument, InvalidBucketName, InvalidKey
from holdall.core.names import (
    BucketRef,
    check_bucket_name,
    check_owner_name,
    encode_key,
    new_bucket_id,
    parse_bucket_ref,
)

ODD_KEYS = [
    "..", ".", "./x", "a/../b", "//", "/", "/a", "a/", "a//b", "\0", "\n", "\x01\x7f", " ",
    "%2E", "a?b#c", "日本", "\U0001f600", "e\u0301", "\u00e9", "\ufeff", "\uffff", "k" * 1024,
    "é" * 512,
]  # fmt: skip


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_utf8_is_a_key(key: str) -> None:
    raw = encode_key(key)
    assert raw == key.encode("utf-8")


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=256))
def test_keys_round_trip(key: str) -> None:
    assert encode_key(key).decode() == key


@pytest.mark.parametrize(
    ("key", "length"), [("", 0), ("k" * 1025, 1025), ("é" * 512 + "k", 1025), ("k" * 5000, 5000)]
)
def test_a_key_of_a_wrong_length_is_refused_with_its_length(key: str, length: int) -> None:
    with pytest.raises(InvalidKey) as caught:
        encode_key(key)
    assert caught.value.actual == length
    assert caught.value.key == key
    assert str(length) in str(caught.value)


@pytest.mark.parametrize("key", ["\ud800", "a\udfffb", "\udc80" * 2000])
def test_a_lone_surrogate_is_refused_and_the_fact_can_be_encoded(key: str) -> None:
    with pytest.raises(InvalidKey, match="surrogate") as caught:
        encode_key(key)
    assert "\\ud" in caught.value.key.encode("utf-8").decode()
    assert caught.value.actual == len(key.encode(errors="surrogatepass"))


@pytest.mark.parametrize("key", [b"bytes", None, 7])
def test_a_key_is_a_str(key: object) -> None:
    with pytest.raises(InvalidKey, match="str") as caught:
        encode_key(key)  # type: ignore[arg-type]
    assert caught.value.actual == type(key).__name__


@pytest.mark.parametrize(
    "name",
    ["a", "7", "ab", "my_bucket", "fs", "a.b-c_d", "a" * 63, "1.2.3", "1.2.3.4.5", "a__b", "a-.b",
     "plan", "xn-a", "sthree"],
)  # fmt: skip
def test_good_bucket_names(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *[(name, "1 to 63") for name in (
            "", "a" * 64, "Upper", "-a", "a-", ".a", "a.", "_a", "a_", "a b", "a/b", "é", "a\n",
            "a\0b", "٣", "a%",
        )],
        ("a..b", "adjacent dots"),
        ("192.168.5.4", "IPv4"),
        ("999.0.0.1", "IPv4"),
        *[(name, "reserves") for name in (
            "xn--a", "sthree-a", "sthree-configurator", "amzn-s3-demo-bucket", "a-s3alias",
            "a--ol-s3", "a.mrap", "a--x-s3", "a--table-s3", "a-123456789012-us-west-2-an",
        )],
    ],
)  # fmt: skip
def test_bad_bucket_names_say_the_rule(name: str, rule: str) -> None:
    with pytest.raises(InvalidBucketName, match=rule) as caught:
        check_bucket_name(name)
    assert caught.value.bucket == name
    assert rule in caught.value.expected


def test_new_ids_are_recognised_and_differ() -> None:
    ids = {new_bucket_id() for _ in range(1000)}
    assert len(ids) == 1000
    for id in ids:
        assert re.fullmatch("B[0-9A-HJKMNP-TV-Z]{25}", id)
        assert parse_bucket_ref(id) == BucketRef(id=id)


def test_the_characters_of_an_id_are_all_used() -> None:
    seen = set("".join(new_bucket_id()[1:] for _ in range(200)))
    assert len(seen) == 32


def test_an_id_is_never_a_good_name() -> None:
    with pytest.raises(InvalidBucketName):
        check_bucket_name(new_bucket_id())


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("fs", BucketRef(name="fs")),
        ("jane/fs", BucketRef(owner="jane", name="fs")),
        ("Jane Doe/fs", BucketRef(owner="Jane Doe", name="fs")),
        ("B" + "0" * 24, BucketRef(name="B" + "0" * 24)),
        ("B" + "0" * 26, BucketRef(name="B" + "0" * 26)),
        ("B" + "U" * 25, BucketRef(name="B" + "U" * 25)),
        ("B" + "0" * 25 + "\n", BucketRef(name="B" + "0" * 25 + "\n")),
    ],
)
def test_bucket_references(text: str, ref: BucketRef) -> None:
    assert parse_bucket_ref(text) == ref


@pytest.mark.parametrize("text", ["", "jane/", "/", "a/b/"])
def test_a_reference_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidBucketName) as caught:
        parse_bucket_ref(text)
    assert caught.value.bucket == text


@pytest.mark.parametrize("text", ["/fs", "a/b/fs", "a\0b/fs", "o" * 256 + "/fs"])
def test_a_reference_with_a_bad_owner_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_bucket_ref(text)
    assert caught.value.owner == text.rpartition("/")[0]


@pytest.mark.parametrize(
    "owner", ["jane", "DOMAIN\\jane", "jane@example.org", "é" * 127, "o" * 255]
)
def test_good_owner_names(owner: str) -> None:
    check_owner_name(owner)


@pytest.mark.parametrize("owner", ["", "a/b", "a\0", "é" * 128])
def test_bad_owner_names(owner: str) -> None:
    with pytest.raises(InvalidArgument):
        check_owner_name(owner)
