"""The file of webhooks: private, sealed, and read anew when another process changed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.core.errors import Conflict, FormatError, InvalidArgument, NotFound
from holdall.core.secret_files import WEBHOOKS
from holdall.server.webhooks import Webhooks

MASTER = bytes(range(32))
URL = "https://example.com/hook"


def test_one_process_sees_what_another_does(tmp_path: Path) -> None:
    one, other = Webhooks(tmp_path, MASTER), Webhooks(tmp_path, MASTER)
    assert (one.names(), other.get("a")) == (frozenset(), None)
    made = one.add("a", URL)
    assert other.get("a") == made
    other.add("b", URL)
    assert [webhook.name for webhook in one.every()] == ["a", "b"]
    one.remove("a")
    assert other.names() == {"b"}


def test_secrets_are_sealed(tmp_path: Path) -> None:
    made = Webhooks(tmp_path, MASTER).add("a", URL)
    text = (tmp_path / WEBHOOKS).read_text()
    assert made.secret not in text
    assert made.secret not in repr(made)
    with pytest.raises(FormatError):
        Webhooks(tmp_path, b"x" * 32).every()


def test_what_cannot_be(tmp_path: Path) -> None:
    webhooks = Webhooks(tmp_path, MASTER)
    webhooks.add("a", URL)
    with pytest.raises(Conflict):
        webhooks.add("a", URL)
    with pytest.raises(NotFound):
        webhooks.remove("b")
    for name, url in (("", URL), ("a b", URL), ("x", "ftp://h"), ("x", "http://u@h"),
                      ("x", "http://[1"), ("x", "x")):  # fmt: skip
        with pytest.raises(InvalidArgument):
            webhooks.add(name, url)


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '[{"name": "a"}]'])
def test_a_file_that_is_not_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / WEBHOOKS).write_text(text)
    webhooks = Webhooks(tmp_path, MASTER)
    if text == "{}":
        assert webhooks.every() == []
        return
    with pytest.raises(FormatError):
        webhooks.every()
