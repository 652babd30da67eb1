"""Every error of Holdall has its answer."""

from __future__ import annotations

import inspect

import pytest

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.server.failures import TRANSLATIONS, translate

EVERY = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HoldallError)
]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_each_is_translated_by_a_line_of_its_own_or_its_parents(kind: type[HoldallError]) -> None:
    nearest = next(parent for parent in kind.__mro__ if parent in TRANSLATIONS)
    assert nearest is not HoldallError or kind is HoldallError
    found = translate(kind("where: /secret/path", path="/secret/path"))
    if found.status >= 500:
        assert "/secret" not in found.message
    assert "/secret" not in "".join(found.facts.values())


def test_a_write_that_must_match_what_is_not_there() -> None:
    absent = errors.PreconditionFailed("", condition="if_match", expected="x", actual=None)
    other = errors.PreconditionFailed("", condition="if_match", expected="x", actual="y")
    assert translate(absent).code == "NoSuchKey"
    assert translate(other).code == "PreconditionFailed"


def test_a_key_that_is_too_long() -> None:
    assert translate(errors.InvalidKey("", actual=1025)).code == "KeyTooLongError"
