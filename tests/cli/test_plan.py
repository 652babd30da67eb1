"""Where sources go, without a store or a disk."""

from __future__ import annotations

import pytest

from holdall.cli.places import Blob, Local, Place, Standard, place
from holdall.cli.transfer.plan import Source, Target, plan
from holdall.core.errors import InvalidArgument


def target_of(
    source: str, target: str, *, folder: bool = False, there: bool = False, exact: bool = False
) -> Place:
    (job,) = plan([Source(place(source), folder)], Target(place(target), there, exact))
    return job.target


@pytest.mark.parametrize(
    ("source", "target", "there", "expected"),
    [
        ("a/f", "blob:b/x", False, "blob:b/x"),
        ("a/f", "blob:b/x", True, "blob:b/x/f"),
        ("a/f", "blob:b/x/", False, "blob:b/x/f"),
        ("a/f", "blob:b", True, "blob:b/f"),
        ("a/f", "blob:b/x//", False, "blob:b/x//f"),
        ("blob:b/x/f", "out", True, "out/f"),
        ("blob:b/x/f", "out/", False, "out/f"),
        ("blob:b/x/f", "out", False, "out"),
        ("blob:b/x/f", "blob:c", True, "blob:c/f"),
        ("-", "blob:b/x", False, "blob:b/x"),
        ("blob:b/x", "-", False, "-"),
    ],
)
def test_files(source: str, target: str, there: bool, expected: str) -> None:
    assert str(target_of(source, target, there=there)) == expected


@pytest.mark.parametrize(
    ("source", "target", "there", "exact", "expected"),
    [
        ("a/d", "blob:b/x", False, False, "blob:b/x/"),
        ("a/d/", "blob:b/x", True, False, "blob:b/x/d/"),
        ("a/d", "blob:b/x", True, True, "blob:b/x/"),
        ("a/d", "blob:b", True, True, "blob:b"),
        (".", "blob:b/x", True, False, "blob:b/x/"),
        ("a/..", "blob:b/x/", False, False, "blob:b/x/"),
        ("blob:b/x/d/", "out", True, False, "out/d"),
        ("blob:b", "out", True, False, "out/b"),
        ("blob:b", "out", False, False, "out"),
    ],
)
def test_directories(source: str, target: str, there: bool, exact: bool, expected: str) -> None:
    assert str(target_of(source, target, folder=True, there=there, exact=exact)) == expected


@pytest.mark.parametrize("name", ["..", ".", "C:", "a%00b"])
def test_a_blob_whose_name_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        target_of(f"blob:b/x/{name}", "out/")


def test_a_whole_target_is_taken_as_it_is_written() -> None:
    assert target_of("blob:b/x/%2E%2E", "out") == Local("out")


def test_two_sources_of_one_name_are_refused() -> None:
    sources = [Source(place("a/f")), Source(place("b/f"))]
    with pytest.raises(InvalidArgument, match="both become blob:b/f"):
        plan(sources, Target(place("blob:b/"), several=True))


def test_one_left_of_several_still_goes_into_the_target() -> None:
    (job,) = plan([Source(place("a/f"))], Target(place("blob:b/x"), several=True))
    assert str(job.target) == "blob:b/x/f"


def test_the_like_named_bucket_of_another_owner_is_another_place() -> None:
    assert str(target_of("blob:/you/b/k", "blob:/me/b/k")) == "blob:/me/b/k"
    with pytest.raises(InvalidArgument, match="are the same"):
        target_of("blob:/me/b/k", "blob:/me/b/k")


def test_places() -> None:
    assert place("-") is Standard.STREAM
    assert isinstance(place("blob:b/k"), Blob)
    assert isinstance(place("BLOB:b/k"), Blob)
    assert place("./blob:b") == Local("./blob:b")
    assert place("./-") == Local("./-")
    with pytest.raises(InvalidArgument):
        place("")
