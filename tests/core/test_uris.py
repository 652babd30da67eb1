from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from holdall.core.errors import InvalidURI
from holdall.core.uris import BlobURI, parse, parse_glob

TEXT = st.characters(exclude_categories=("Cs",))
HARD = st.sampled_from(
    ["/", "//", ".", "..", "%", "%2E", "%2e%2E", "%2F", "%25", "?", "#", " ", "+", "&", "=", ";",
     ":", "@", "[", "]", "*", "\0", "\t", "\n", "\r", "\x7f", "\\", "é", "\U0001f600", "~", "{",
     "|", '"', "<", "^", "`", "'", "a"]
)  # fmt: skip
KEYS = st.text(TEXT, max_size=30) | st.lists(HARD, max_size=12).map("".join)
PARTS = KEYS.map(lambda text: text.replace("/", "_").replace("\0", "_")).filter(bool)
CLUSTERS = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)


@st.composite
def blob_uris(draw: st.DrawFn) -> BlobURI:
    form = draw(st.integers(0, 3))
    return BlobURI(
        bucket=draw(PARTS),
        key=draw(KEYS),
        owner=draw(PARTS) if form >= 1 else None,
        cluster=draw(CLUSTERS) if form >= 2 else None,
        org=draw(PARTS) if form == 3 else None,
    )


@given(blob_uris())
@example(BlobURI("b", "..", owner="o", cluster="c"))
@example(BlobURI("..", "../.", owner=".", cluster="c", org=".."))
@example(BlobURI("..", "", owner="..", cluster="c"))
@example(BlobURI("b", "a/../../c//./x/..", owner="o", cluster="c"))
@example(BlobURI("b", "%2E%2E/%2F", owner="o", cluster="c"))
@example(BlobURI("b", "/a//b/"))
@example(BlobURI("b", "a?b#c d%"))
def test_every_uri_round_trips_through_text_and_yarl(uri: BlobURI) -> None:
    text = str(uri)
    orgs = {uri.cluster} if uri.org is not None else set()
    for form in (
        text,
        URL(text),
        str(URL(text)),
        URL(text, encoded=True),
        uri.to_url(),
        URL(str(uri.to_url())),
        URL(str(URL(text, encoded=True))),
    ):
        assert parse(form, org_clusters=orgs) == uri
    assert str(URL(text)) == text
    assert text.isascii()


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        (BlobURI("b"), "blob:b"),
        (BlobURI("b", "a/b.txt"), "blob:b/a/b.txt"),
        (BlobURI("b", "/x"), "blob:b//x"),
        (BlobURI("b", "x/"), "blob:b/x/"),
        (BlobURI("b", "k", owner="jane"), "blob:/jane/b/k"),
        (BlobURI("b", "k", owner="jane", cluster="local"), "blob://local/jane/b/k"),
        (BlobURI("b", "k", "jane", "c", "acme"), "blob://c/acme/jane/b/k"),
        (BlobURI("b", "a b?c#d%"), "blob:b/a%20b%3Fc%23d%25"),
        (BlobURI("b", "é\n"), "blob:b/%C3%A9%0A"),
        (BlobURI("b", "a/../c"), "blob:b/a%2F..%2Fc"),
        (BlobURI("b", "..a/.b/c.."), "blob:b/..a/.b/c.."),
        (BlobURI("b", "..", "jane", "c"), "blob://c/jane/b%2F.."),
    ],
)
def test_how_uris_are_written(uri: BlobURI, text: str) -> None:
    assert str(uri) == text
    assert str(uri.to_url()) == text


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("blob:my bucket/a?b#c d", BlobURI("my bucket", "a?b#c d")),
        ("blob:b/[x]*", BlobURI("b", "[x]*")),
        ("blob:b/100%", BlobURI("b", "100%")),
        ("blob:b/100%zz%4", BlobURI("b", "100%zz%4")),
        ("blob:b/%41%2F%252F", BlobURI("b", "A/%2F")),
        ("blob:b/a+b", BlobURI("b", "a+b")),
        ("blob:b", BlobURI("b")),
        ("blob:b/", BlobURI("b")),
        ("blob:b/..", BlobURI("b", "..")),
        ("blob:b/a/../b", BlobURI("b", "a/../b")),
        ("blob:b/a\tb\r\n", BlobURI("b", "a\tb\r\n")),
        ("BLOB:b/K", BlobURI("b", "K")),
        ("blob:/o/b", BlobURI("b", owner="o")),
        ("blob:///o/b/k", BlobURI("b", "k", owner="o")),
        ("blob://c/o/b//k", BlobURI("b", "/k", owner="o", cluster="c")),
        ("blob://Local/o/b/k", BlobURI("b", "k", owner="o", cluster="local")),
        ("blob://c/o/b/%2E%2E/k", BlobURI("b", "../k", owner="o", cluster="c")),
    ],
)
def test_plain_text_is_taken_as_typed(text: str, uri: BlobURI) -> None:
    assert parse(text) == uri


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("blob:b/a?b#c d", "a?b#c d"),
        ("blob:b/a?b=1&c=2", "a?b=1&c=2"),
        ("blob:b/a#b?c", "a#b?c"),
        ("blob:b/[x]", "[x]"),
        ("blob:b/a b%", "a b%"),
        ("blob:b/a%3Fb?c", "a?b?c"),
        ("blob:b/é", "é"),
    ],
)
def test_query_and_fragment_of_a_url_are_part_of_the_key(typed: str, key: str) -> None:
    assert parse(URL(typed)) == BlobURI("b", key)
    assert parse(URL(typed, encoded=True)) == BlobURI("b", key)


def test_what_yarl_does_before_us_is_as_documented() -> None:
    assert parse(URL("blob:b/a?b c")).key == "a?b+c"
    assert parse(URL("blob:b/a?")).key == "a"
    assert parse(URL("blob:b/a\nb")).key == "ab"


def test_the_cluster_decides_whether_an_organisation_is_named() -> None:
    text = "blob://c/x/y/z"
    assert parse(text) == BlobURI("y", "z", owner="x", cluster="c")
    assert parse(text, org_clusters={"c"}) == BlobURI("z", "", owner="y", cluster="c", org="x")
    assert parse(text, org_clusters={"other"}).org is None
    assert parse("blob:/x/y/z", org_clusters={"c"}) == BlobURI("y", "z", owner="x")


@pytest.mark.parametrize(
    "text",
    ["", "b/k", "s3://b/k", "blob", "blob:", "blob:/", "blob://", "blob:/o", "blob:/o/",
     "blob:/o//k", "blob://c", "blob://c/", "blob://c/o", "blob://c/o/", "blob://c//b/k",
     "blob:/%2Fo/b", "blob:%2F%2Fc/o/b", "blob://c:80/o/b/k", "blob://u@c/o/b/k", "blob://é/o/b/k",
     "blob://-c/o/b/k", "blob://c./o/b/k", "blob:b/%FF", "blob:b/\ud800", "blob:b%00/k",
     "blobby:b/k",
     "blob://[::1]/o/b/k"],
)  # fmt: skip
def test_bad_uris_are_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidURI) as caught:
        parse(text)
    assert caught.value.actual == text
    assert isinstance(caught.value, ValueError)


def test_a_missing_organisation_is_refused() -> None:
    with pytest.raises(InvalidURI) as caught:
        parse("blob://c/o/b", org_clusters={"c"})
    assert caught.value.expected == "org/owner/bucket"


@pytest.mark.parametrize(
    "parts",
    [
        {"bucket": ""},
        {"bucket": "a/b"},
        {"bucket": "a\0"},
        {"bucket": "b", "key": "\ud800"},
        {"bucket": "\ud800"},
        {"bucket": "b", "owner": ""},
        {"bucket": "b", "cluster": "c"},
        {"bucket": "b", "owner": "o", "org": "g"},
        {"bucket": "b", "owner": "o", "cluster": "C"},
        {"bucket": "b", "owner": "o", "cluster": "a b"},
    ],
)
def test_a_value_that_no_uri_could_write_cannot_be_made(parts: dict[str, str]) -> None:
    with pytest.raises(InvalidURI):
        BlobURI(**parts)


def test_uris_are_values() -> None:
    uri = BlobURI("b", "k")
    assert {uri: 1}[BlobURI("b", "k")] == 1
    with pytest.raises(FrozenInstanceError):
        uri.key = "x"  # type: ignore[misc]


@pytest.mark.parametrize("pattern", ["**/*.txt", "a?b", "[a-c]*/x", "a/[!x]?[*]", "*", ""])
def test_globs_keep_their_magic_characters(pattern: str) -> None:
    text = f"blob://c/o/b/{pattern}"
    bucket = BlobURI("b", owner="o", cluster="c")
    assert parse_glob(text) == (bucket, pattern)
    assert parse_glob(URL(text)) == (bucket, pattern)


def test_an_organisation_that_owns_a_bucket_is_known_everywhere() -> None:
    uri = BlobURI(cluster="far", org="acme", owner="org:acme", bucket="box", key="a/org:b")
    for org_clusters in ((), ("far",)):
        assert parse(str(uri), org_clusters=org_clusters) == uri
        assert parse(uri.to_url(), org_clusters=org_clusters) == uri
    with pytest.raises(InvalidURI):
        BlobURI(bucket="org:acme")
    assert parse("blob://far/ann/box/org:x").key == "org:x"
