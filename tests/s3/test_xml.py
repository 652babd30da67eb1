"""Bodies: what is read of them, what is refused, and what is written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3 import xml
from holdall.s3.errors import S3Error


def refused(body: bytes, root: str = "A") -> None:
    with pytest.raises(S3Error) as caught:
        xml.parse(body, root)
    assert caught.value.code == "MalformedXML"


def test_a_tree() -> None:
    tree = xml.parse(b'<A xmlns="x"><B>1</B> <B>2</B><C at="v"> t &amp; u </C></A>', "A")
    assert [child.text for child in tree.all("B")] == ["1", "2"]
    assert tree.get("C") == " t & u "
    assert tree.find("C").attributes == {"at": "v"}  # type: ignore[union-attr]
    assert tree.get("D") is None
    assert tree.text == ""


def test_namespaces_are_not_told_apart() -> None:
    assert xml.parse(b'<p:A xmlns:p="x"><q:B xmlns:q="y">1</q:B></p:A>', "A").get("B") == "1"


def test_what_is_needed() -> None:
    tree = xml.parse(b"<A><B>1</B><C/></A>", "A")
    assert tree.need("B") == "1"
    for absent in ("C", "D"):
        with pytest.raises(S3Error):
            tree.need(absent)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<A>",
        b"<A></B>",
        b"<B/>",
        b"text",
        b"<A>&unknown;</A>",
        b"<A/><A/>",
        b"\xff\xfe<A/>",
        b'<?xml version="1.0" encoding="nonsense"?><A/>',
    ],
)
def test_what_is_malformed(body: bytes) -> None:
    refused(body)


def test_no_document_type() -> None:
    refused(b'<!DOCTYPE A [<!ENTITY e "x">]><A>&e;</A>')
    refused(b'<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>')


def test_nothing_too_deep_or_too_large() -> None:
    depth = xml.DEPTH
    xml.parse(b"<A>" * depth + b"</A>" * depth, "A")
    refused(b"<A>" * (depth + 1) + b"</A>" * (depth + 1))
    refused(b"<A>" + b"<B/>" * xml.ELEMENTS + b"</A>")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_refused(body: bytes) -> None:
    with suppress(S3Error):
        xml.parse(body, "A")


def test_a_body() -> None:
    body = xml.render("R", [("A", '<&">'), ("B", None), ("C", True), ("D", [("E", 1)])])
    assert body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<A>&lt;&amp;&quot;&gt;</A><C>true</C><D><E>1</E></D></R>"
    )


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1))
def test_text_comes_back(text: str) -> None:
    if "\ufffe" in text or "\uffff" in text:
        return
    assert xml.parse(xml.render("R", [("A", text)]), "R").get("A") == text


def test_control_characters_are_references() -> None:
    assert b"<A>a&#x1;b&#13;c\td</A>" in xml.render("R", [("A", "a\x01b\rc\td")])
