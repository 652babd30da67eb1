from __future__ import annotations

import pytest

from holdall.server.access.context import Context, in_family, normalised


def test_names_of_keys_have_no_case_and_tags_do() -> None:
    found = Context({"AWS:sourceip": "192.0.2.1", "s3:ExistingObjectTag/Team": "x"})
    assert found.values(normalised("aws:SourceIp")) == ("192.0.2.1",)
    assert found.values(normalised("S3:existingObjectTag/Team")) == ("x",)
    assert found.values(normalised("s3:ExistingObjectTag/team")) == ()


def test_later_sources_win() -> None:
    found = Context({"aws:username": "mallory"}, {"aws:username": "alice"})
    assert found.one("aws:username") == "alice"


@pytest.mark.parametrize(
    ("values", "expected"), [((), None), (("a",), "a"), (("a", "b"), None), ("a", "a")]
)
def test_variables_need_exactly_one_value(values: tuple[str, ...] | str, expected: str) -> None:
    assert Context({"aws:x": values}).one("aws:x") == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("s3:existingobjecttag/a", True), ("s3:existingobjecttag/", False),
     ("s3:existingobjecttag", False), ("s3:prefix/a", False)],
)  # fmt: skip
def test_families_are_of_tags(key: str, expected: bool) -> None:
    assert in_family(key) is expected
