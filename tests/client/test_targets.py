"""Which parts of a key may become names on disk."""

from __future__ import annotations

import pytest

from holdall.client.targets import why_unsafe


@pytest.mark.parametrize("segment", ["a", "...", "..a", "a b", "~", "-rf", "näme", "a:b"])
def test_ordinary_names_are_safe(segment: str) -> None:
    assert why_unsafe(segment, first=False) is None


@pytest.mark.parametrize("segment", ["", ".", "..", "a\0b"])
@pytest.mark.parametrize("first", [True, False])
def test_what_is_no_name_is_refused_everywhere(segment: str, first: bool) -> None:
    assert why_unsafe(segment, first=first)


def test_an_empty_first_part_is_called_absolute() -> None:
    assert why_unsafe("", first=True) == "the key is absolute"


@pytest.mark.parametrize("segment", ["C:", "c:x", "Z:\\x"])
def test_a_drive_letter_is_refused_where_it_would_name_a_drive(segment: str) -> None:
    assert "drive" in (why_unsafe(segment, first=True) or "")
