"""The plan, with no disk and no bucket: two lists of items in, steps out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from holdall.transfer.items import Item, Kind
from holdall.transfer.names_above import NamesAbove
from holdall.transfer.planning import Nature, plan
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Verb

DELETE = Rules(delete=True)
ALIKE = "same size, not older"


def file(relative: str, size: int = 1, modified: float | None = 0.0) -> Item:
    return Item(relative, Kind.FILE, size, modified)


def of(kind: Kind, relative: str) -> Item:
    return Item(relative, kind, reason="why" if kind is Kind.ODD else "")


async def stream(items: Sequence[Item]) -> AsyncGenerator[Item, None]:
    for item in sorted(items, key=lambda item: item.order):
        yield item


async def same(source: Item, target: Item) -> bool:
    return source.size == target.size


async def planned(
    sources: Sequence[Item], targets: Sequence[Item], rules: Rules = DELETE, *, is_disk: bool = True
) -> list[tuple[str, str, str]]:
    verb = Verb.FETCH if is_disk else Verb.SEND
    nature = Nature(verb, is_disk, lambda item: None, lambda relative: True)
    steps = plan(stream(sources), stream(targets), rules, nature, same)
    return [(step.verb.value, step.relative, step.reason) async for step in steps]


@pytest.mark.parametrize(
    ("source", "target", "rules", "expected"),
    [
        (file("a"), file("a"), Rules(), ("skip", "a", ALIKE)),
        (file("a", 2), file("a"), Rules(), ("fetch", "a", "size differs")),
        (file("a", modified=2), file("a", modified=1), Rules(), ("fetch", "a", "newer")),
        (
            file("a", modified=1),
            file("a", modified=2),
            Rules(),
            ("skip", "a", "same size, not older"),
        ),
        (file("a", modified=None), file("a"), Rules(), ("fetch", "a", "newer")),
        (file("a", 2), file("a"), Rules(update=True), ("skip", "a", "not older")),
        (file("a", modified=2), file("a"), Rules(checksum=True), ("skip", "a", "same content")),
        (file("a", 2), file("a"), Rules(checksum=True), ("fetch", "a", "content differs")),
        (file("a"), file("a"), Rules(always=True), ("fetch", "a", "replaced")),
        (file("a"), of(Kind.LINK, "a"), Rules(), ("fetch", "a", "is something else")),
        (file("a"), of(Kind.ODD, "a"), Rules(), ("refuse", "a", "why")),
        (file("a"), of(Kind.FOLDER, "a"), Rules(), ("refuse", "a", "a directory is there")),
    ],
)
async def test_two_of_a_name(
    source: Item, target: Item, rules: Rules, expected: tuple[str, str, str]
) -> None:
    assert await planned([source], [target], rules) == [expected]


async def test_a_file_waits_until_the_folder_in_its_place_is_empty() -> None:
    targets = [of(Kind.FOLDER, "a"), file("a!"), file("a/x"), file("a/y")]
    assert await planned([file("a"), file("b")], targets) == [
        ("delete", "a!", "not at the source"),
        ("delete", "a/x", "not at the source"),
        ("delete", "a/y", "not at the source"),
        ("fetch", "a", "in place of a directory"),
        ("fetch", "b", "new"),
    ]


@pytest.mark.parametrize("kept", [Kind.ODD, Kind.EXCLUDED])
async def test_a_folder_that_keeps_something_keeps_its_place(kept: Kind) -> None:
    targets = [of(Kind.FOLDER, "a"), file("a/x"), of(kept, "a/y")]
    assert await planned([file("a")], targets) == [
        ("delete", "a/x", "not at the source"),
        ("refuse", "a", "a directory is there"),
    ]


@pytest.mark.parametrize("hidden", ["", "d/", "d"])
async def test_what_the_source_could_not_show_is_not_deleted(hidden: str) -> None:
    targets = [file("d/x"), file("d/y/z")]
    steps = await planned([of(Kind.ODD, hidden)], targets, is_disk=False)
    assert steps == [("refuse", hidden, "why")]


async def test_only_what_is_below_a_hidden_folder_is_protected() -> None:
    targets = [file("d!"), file("d/x"), file("d0")]
    steps = await planned([of(Kind.ODD, "d/")], targets, is_disk=False)
    assert [relative for verb, relative, _ in steps if verb == "delete"] == ["d!", "d0"]


async def test_a_marker_of_a_folder_that_has_content_stays() -> None:
    sources = [of(Kind.FOLDER, "d"), file("d/x")]
    targets = [of(Kind.HOLLOW, "d/"), file("d/x"), of(Kind.HOLLOW, "gone/")]
    assert await planned(sources, targets, is_disk=False) == [
        ("skip", "d/x", "same size, not older"),
        ("delete", "gone/", "not at the source"),
    ]


async def test_names_are_taken_in_the_order_of_their_bytes() -> None:
    names = ["a", "a!", "a/b", "a0", "\U0001f600", "\uffff", "z"]
    steps = await planned([file(name) for name in names], [], is_disk=False)
    assert [relative for _, relative, _ in steps] == [
        "a",
        "a!",
        "a/b",
        "a0",
        "z",
        "\uffff",
        "\U0001f600",
    ]


def test_names_above_are_forgotten_when_they_are_behind() -> None:
    above = NamesAbove()
    for number in range(10_000):
        above.add(f"{number:05}")
    assert len(above._names) == 1
    above.add("09999/a")
    assert above.folder_of("09999/a/b") == "09999"
    assert above.holds("09999/a", at="09999/a/")
    assert above.folder_of("09999a") is None
