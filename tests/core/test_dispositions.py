"""Content-Disposition: any name arrives, and none breaks out of the header."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from holdall.core.dispositions import attachment


@given(st.text(st.characters(codec="utf-8")))
def test_any_name_survives(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert value.isprintable()
    kind, plain, encoded = value.split("; ")
    assert kind == "attachment"
    assert plain.startswith('filename="')
    assert plain.count('"') == 2
    assert unquote(encoded.removeprefix("filename*=UTF-8''")) == name


def test_a_plain_name_is_shown_plainly() -> None:
    assert attachment("a b.txt").startswith('attachment; filename="a b.txt"; ')
