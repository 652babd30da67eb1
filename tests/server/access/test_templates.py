from __future__ import annotations

import pytest

from holdall.server.access.templates import template
from holdall.server.access.wildcards import matches

from .people import context

ALICE = context(aws__username="alice", s3__prefix=("a", "b"))


def filled(text: str, *, wildcards: bool = False, variables: bool = True) -> str | None:
    return template(text, variables=variables, wildcards=wildcards).fill(ALICE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home/${aws:username}/x", "home/alice/x"),
        ("${AWS:UserName}${aws:username}", "alicealice"),
        ("${aws:nobody}", None),
        ("a ${aws:nobody, 'guest'} b", "a guest b"),
        ("${aws:nobody, ''}", ""),
        ("${s3:prefix}", None),
        ("${*}${?}${$}", "*?$"),
        ("$x ${ } ${unclosed", "$x ${ } ${unclosed"),
        ("", ""),
    ],
)
def test_variables_are_filled_in(text: str, expected: str | None) -> None:
    assert filled(text) == expected


def test_policies_of_2008_have_no_variables() -> None:
    assert filled("${aws:username}", variables=False) == "${aws:username}"


def test_what_is_filled_in_is_no_pattern() -> None:
    star = context(aws__username="*")
    found = template("${aws:username}/?*", variables=True, wildcards=True).fill(star)
    assert found is not None
    assert matches(found, "*/ab")
    assert not matches(found, "bob/ab")
    literal = filled("${*}", wildcards=True)
    assert literal is not None
    assert not matches(literal, "x")


@pytest.mark.parametrize(("text", "expected"), [("a", True), ("a*", False), ("${aws:x}", False)])
def test_fixed_texts(text: str, expected: bool) -> None:
    assert template(text, variables=True, wildcards=False).is_fixed is expected


def test_the_widest_pattern() -> None:
    widest = template("a/${aws:username}/b", variables=True, wildcards=True).widest()
    assert matches(widest, "a/anything at all/b")
    assert not matches(widest, "a/x/c")
