from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re

import pytest

from holdall.core import errors
from holdall.core.errors import HoldallError

ERRORS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HoldallError)
]
ERRORS = sorted(set(ERRORS), key=lambda kind: kind.__name__)

BUILTINS = {
    "InvalidArgument": ValueError,
    "NotFound": FileNotFoundError,
    "BucketExists": FileExistsError,
    "PermissionDenied": PermissionError,
    "IsADirectory": builtins.IsADirectoryError,
    "NotADirectory": builtins.NotADirectoryError,
    "NotSupported": NotImplementedError,
    "ChecksumMismatch": ValueError,
    "Closed": ValueError,
    "StoreError": OSError,
    "Timeout": TimeoutError,
}

LINE = re.compile(r"^    (?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: \((?P<builtin>\w+)\))?(?=\s|$)")


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Of each error in the docstring's tree: its parent, and the builtin in brackets."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := LINE.match(line):
            depth = len(found["lead"]) // 4
            path[depth:] = [found["name"]]
            tree[found["name"]] = (path[depth - 1] if depth else None, found["builtin"])
    return tree


def real() -> dict[str, tuple[str | None, str | None]]:
    tree: dict[str, tuple[str | None, str | None]] = {}
    for kind in ERRORS:
        ours = [base.__name__ for base in kind.__bases__ if issubclass(base, HoldallError)]
        theirs = [base.__name__ for base in kind.__bases__ if not issubclass(base, HoldallError)]
        assert len(ours) <= 1
        assert len(theirs) <= 1
        first = ours[0] if ours else None
        tree[kind.__name__] = (first, theirs[0] if theirs and first else None)
    return tree


def test_the_tree_that_is_drawn_is_the_tree() -> None:
    assert drawn() == real()
    assert len(drawn()) > 25


def test_every_error_says_what_it_means() -> None:
    assert [kind.__name__ for kind in ERRORS if not kind.__dict__.get("__doc__")] == []


@pytest.mark.parametrize("name", BUILTINS)
def test_an_error_and_all_below_it_are_the_builtin_that_people_catch(name: str) -> None:
    below = [kind for kind in ERRORS if issubclass(kind, getattr(errors, name))]
    for kind in below:
        with pytest.raises(BUILTINS[name]):
            raise kind("no")


def test_only_the_store_and_what_is_named_so_are_os_errors() -> None:
    surprising = {
        kind.__name__
        for kind in ERRORS
        if issubclass(kind, OSError) and not issubclass(kind, (errors.StoreError, errors.NotFound))
    }
    assert surprising == {
        "BucketExists", "IsADirectory", "Locked", "NotADirectory", "PermissionDenied", "Timeout",
        "WrongKey",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS)
def test_facts_survive_pickling_and_copying(kind: type[HoldallError]) -> None:
    error = kind("it broke: é", bucket="b", key="a\0b", expected=1, actual=(2, 3))
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert str(twin) == twin.message == "it broke: é"
        assert twin.facts == {"bucket": "b", "key": "a\0b", "expected": 1, "actual": (2, 3)}
        assert (twin.bucket, twin.key, twin.expected, twin.actual) == ("b", "a\0b", 1, (2, 3))


@pytest.mark.parametrize("kind", ERRORS)
def test_facts_that_are_absent_are_none(kind: type[HoldallError]) -> None:
    error = kind("no facts")
    assert error.facts == {}
    assert error.bucket is None
    assert error.revision is None
    assert not hasattr(error, "_private")
    assert not hasattr(error, "__length_hint__")


@pytest.mark.parametrize("kind", ERRORS)
def test_the_text_is_the_message_alone(kind: type[HoldallError]) -> None:
    assert str(kind("words", path="/p")) == "words"
    assert "words" in repr(kind("words"))


def test_what_may_succeed_when_tried_again() -> None:
    retryable = {kind.__name__ for kind in ERRORS if kind.retryable}
    assert retryable == {"Busy", "LeaseLost", "StorageFull", "Timeout"}


def test_a_missing_blob_is_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        raise errors.BlobNotFound("no blob", bucket="b", key="k")
    assert isinstance(caught.value, errors.BlobNotFound)
    assert caught.value.key == "k"


def test_aliases() -> None:
    assert errors.ResourceNotFound is errors.NotFound


def test_the_cause_is_kept() -> None:
    with pytest.raises(errors.Corrupt) as caught:
        try:
            raise OSError(5, "io")
        except OSError as cause:
            raise errors.Corrupt("bad block", path="p") from cause
    assert isinstance(caught.value.__cause__, OSError)
