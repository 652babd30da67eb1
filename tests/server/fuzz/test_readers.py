"""Whatever reads what strangers send: it understands, or refuses as S3 does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdall.s3 import checksums, chunked, ranges, times, verifying, xml
from holdall.s3.chunked import Decoder, Framing
from holdall.server import copying, forms, objects
from holdall.server.access import policies
from holdall.server.body import Body

from . import words
from .documents import SEEDS, mutations
from .documents import policies as policy_trees
from .proper import reading
from .readers import (
    DOCUMENTS,
    ENCODED,
    FORM,
    checked_form,
    decode,
    judged,
    kept_lifecycle,
    kept_retention,
    read_form,
)

MANY = settings(max_examples=150)
BOMB = b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;&d;</a>'
EXTERNAL = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'

# XML and what it says

DATES = (
    *("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "2099-W01-1"),
    *("2099-01-01", "2099-01-01T00:00:00.999999999Z", "2099-02-30T00:00:00Z", "9999-12-31"),
)


@pytest.mark.parametrize("date", DATES)
def test_dates_at_the_end_of_time(date):
    retention = f"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{date}</RetainUntilDate>"
    reading(kept_retention, f"{retention}</Retention>".encode())
    rule = f"<Rule><Status>Enabled</Status><Filter/><Expiration><Date>{date}</Date></Expiration>"
    lifecycle = f"<LifecycleConfiguration>{rule}</Rule></LifecycleConfiguration>"
    reading(kept_lifecycle, lifecycle.encode())


@pytest.mark.parametrize("name", DOCUMENTS)
@MANY
@given(st.data())
def test_documents(name, data):
    reading(DOCUMENTS[name], data.draw(mutations(SEEDS[name])))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_good_documents(name):
    """Else nothing but refusals would be tried."""
    assert reading(DOCUMENTS[name], SEEDS[name])


@MANY
@given(st.binary(max_size=200), st.booleans())
@example(b"<a>" * 17, False)
@example(b"<a><b/>" * 8, False)
@example(BOMB, False)
@example(EXTERNAL, False)
@example("<a>é</a>".encode("utf-16"), False)
@example(b'<?xml version="1.0" encoding="no-such"?><a/>', False)
@example(b'<?xml version="1.0" encoding="utf-7"?><a>+AAA-</a>', False)
@example(b"<x:a/>", False)
@example(b"<a b='1' b='2'/>", False)
def test_xml(body, wrapped):
    reading(xml.parse, b"<a>" + body + b"</a>" if wrapped else body, "a")


@given(st.recursive(words.text, lambda inner: st.lists(inner, max_size=3), max_leaves=10))
def test_what_is_written_can_be_read(found):
    """But for the characters that XML cannot say, which readers refuse."""

    def nodes(of: Any) -> Any:
        return of if isinstance(of, str) else [("a", nodes(each)) for each in of]

    reading(xml.parse, xml.render("a", nodes(found)), "a")


@pytest.mark.parametrize("body", [BOMB, EXTERNAL, b"<a>" * 200 + b"</a>" * 200])
def test_bombs_are_refused(body):
    assert not reading(xml.parse, body, "a")


def test_too_many_elements_are_refused():
    assert not reading(xml.parse, b"<a>" + b"<b/>" * 100_000 + b"</a>", "a")


# policies


@MANY
@given(policy_trees)
@example(b'{"Statement":' + b"[" * 5000 + b"]" * 5000 + b"}")
@example(b'{"Statement":{"\\ud800":1}}')
def test_policies(body):
    reading(policies.parse, body, "box")
    reading(policies.parse_session, body)
    reading(judged, body)


@MANY
@given(mutations(SEEDS["policy"]))
def test_mutated_policies(body):
    reading(judged, body)


@MANY
@given(st.sampled_from(("*a", "?", "a*", "*?")), st.integers(1, 200))
def test_wildcards_are_not_a_way_to_be_slow(piece, count):
    """A regular expression would take for ever."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::box/{piece * count}b",
    }
    judged(json.dumps({"Statement": statement}).encode())


# bodies in chunks


@pytest.mark.parametrize("framing", Framing)
@MANY
@given(st.data())
def test_chunks(framing, data):
    """What is decoded to the end is what was sent, however it was cut up on the way."""
    body = data.draw(st.one_of(st.just(ENCODED[framing]), mutations(ENCODED[framing])))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=4)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    found: list[bytes] = []
    taken = reading(decode, framing, pieces, found)
    if body == ENCODED[framing]:
        assert taken
    if taken and framing.signed:
        assert b"".join(found) == b"content" * 3000


@given(st.sampled_from((b"\r", b"0", b";", b"a" * 70)))
def test_a_line_without_end_is_not_kept(piece):
    def feed() -> None:
        decoder = Decoder(Framing.UNSIGNED_TRAILER, 10)
        for _ in range(100_000):
            decoder.feed(piece)

    assert not reading(feed)


# forms


@MANY
@given(st.one_of(st.just(FORM), mutations(FORM), st.binary(max_size=99)), st.integers(1, 50))
def test_forms(body, size):
    reading(lambda: asyncio.run(read_form(body, size)))


def test_a_good_form():
    assert reading(lambda: asyncio.run(read_form(FORM, 7)))


@MANY
@given(words.text)
@example("multipart/form-data; boundary*=utf-8''%0d%0a")
@example("multipart/form-data; boundary=" + "b" * 1000)
def test_types_of_forms(content_type):
    async def receive() -> Any:
        return {"type": "http.request", "body": FORM, "more_body": False}

    spelled = words.spelled(content_type)
    reading(lambda: asyncio.run(forms.read(Body(receive, len(FORM)), spelled)))


@MANY
@given(st.recursive(words.text, lambda inner: st.lists(inner, max_size=3), max_leaves=9))
@example([["eq", "$key", "\ud800"]])
@example([["content-length-range", "9" * 5000, 1]])
@example([["content-length-range", 1e308, 10**40]])
def test_policies_of_forms(conditions):
    document = json.dumps({"expiration": "2099-01-01T00:00:00Z", "conditions": conditions})
    reading(checked_form, document.encode())


@MANY
@given(policy_trees)
def test_policies_of_forms_that_are_none(body):
    reading(checked_form, body)


# headers and parameters


@MANY
@given(words.text, st.integers(0, 2**50))
@example("bytes=0-" + "9" * 5000, 10)
@example("bytes=-" + "9" * 5000, 10)
@example("bytes=\u0663-", 10)
def test_ranges(text, size):
    def resolve() -> None:
        found = ranges.resolve(text, size)
        assert found is None or 0 <= found[0] < found[1] <= size

    reading(resolve)


@MANY
@given(words.header_value)
@example("/box/%ff")
@example("/box/a?versionId=" + "9" * 400)
def test_sources_of_copies(header):
    reading(copying.named, header)


@MANY
@given(st.dictionaries(st.sampled_from(words.HEADERS), words.header_value))
@example({"x-amz-tagging": "&" * 5000})
def test_headers_of_objects(headers):
    for read in (objects.metadata_of, objects.attributes_of, objects.content_type_of):
        reading(read, headers)
    reading(objects.tags_of, headers.get("x-amz-tagging"))
    for read in (checksums.announced, checksums.content_md5, checksums.multipart):
        reading(read, headers)
    reading(chunked.framing, headers)
    reading(chunked.decoded_length, headers)


@MANY
@given(words.text)
@example("Thu, 01 Jan 99999 00:00:00 GMT")
@example("2026-01-01T00:00:00+99:99")
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
def test_dates(text):
    """One that cannot be read is none."""
    times.from_http(text)
    times.from_iso(text)


@MANY
@given(
    st.sampled_from(("GET", "PUT")),
    st.dictionaries(
        st.sampled_from(("authorization", "x-amz-date", "date", "x-amz-content-sha256")),
        words.header_value,
    ),
    st.dictionaries(st.sampled_from(("X-Amz-Algorithm", "X-Amz-Signature", "Expires")), words.text),
)
@example(
    "GET",
    {"authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/b/s3/aws4_request, Signature=\xff"},
    {},
)
def test_claims(method, headers, query):
    reading(verifying.claim, method, headers, query)
