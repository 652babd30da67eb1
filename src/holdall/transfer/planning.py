"""From what both sides hold to the steps of a sync: a merge of two sorted streams.

Nothing is held but the names above the present one, so a plan may be of any length; and
nothing here touches a disk or a bucket, so what is printed and what is done come from one
place.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from holdall.transfer.items import Item, Kind
from holdall.transfer.names_above import NamesAbove
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Step, Verb

Items = AsyncGenerator[Item, None]
Same = Callable[[Item, Item], Awaitable[bool]]

_THERE = frozenset({Kind.FILE, Kind.HOLLOW, Kind.LINK})


@dataclass(frozen=True, slots=True)
class Nature:
    """What matters of the target. `refuses` says why an item cannot be there, or None.

    `is_disk`: a file `a` and files below `a/` cannot both be, as they can in a bucket.
    `wants` says what the filters leave, once more: an ignore file of the source's may come to
    be known after the target's listing has passed it.
    """

    verb: Verb
    is_disk: bool
    refuses: Callable[[Item], str | None]
    wants: Callable[[str], bool]


async def plan(
    sources: Items, targets: Items, rules: Rules, nature: Nature, same: Same
) -> AsyncGenerator[Step, None]:
    """The steps that make the target as the source, in the order they are to be begun."""
    planner = Planner(rules, nature)
    async with aclosing(sources), aclosing(targets), aclosing(merged(sources, targets)) as pairs:
        async for pair in pairs:
            content = None
            if pair.source and pair.target and rules.asks_for_content(pair.source, pair.target):
                content = await same(pair.source, pair.target)
            for step in planner.steps(pair, content):
                yield step
    for step in planner.rest():
        yield step


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sides hold under one name; `ahead` is the source's next name."""

    source: Item | None
    target: Item | None
    ahead: str

    @property
    def relative(self) -> str:
        either = self.source or self.target
        return "" if either is None else either.relative


async def merged(sources: Items, targets: Items) -> AsyncGenerator[Pair, None]:
    """Both streams, name by name."""
    source, target = await anext(sources, None), await anext(targets, None)
    while source is not None or target is not None:
        here, there = _lower(source, target)
        source = source if here is None else await anext(sources, None)
        target = target if there is None else await anext(targets, None)
        yield Pair(here, there, "" if source is None else source.relative)


def _lower(source: Item | None, target: Item | None) -> tuple[Item | None, Item | None]:
    """The one whose name comes first, or both where it is the same name."""
    if source is None or target is None or source.order == target.order:
        return source, target
    return (source, None) if source.order < target.order else (None, target)


@dataclass(slots=True)
class _Held:
    """A file whose place a folder has; it comes when all in the folder was deleted."""

    step: Step
    blocked: bool = False


class Planner:
    """Decides pair by pair, in order. Remembers what stands above the present name."""

    def __init__(self, rules: Rules, nature: Nature) -> None:
        self._rules = rules
        self._nature = nature
        self._protected = NamesAbove()  # what the source did not show
        self._source_folders = NamesAbove()
        self._source_files = NamesAbove()
        self._target_folders = NamesAbove()
        self._target_files = NamesAbove()  # that stay
        self._held: list[_Held] = []

    def steps(self, pair: Pair, same: bool | None) -> list[Step]:
        """What is to be done about one name; `same` tells whether the contents are."""
        due = self._due(pair.relative)
        if pair.target is not None and pair.target.kind is Kind.FOLDER:
            self._target_folders.add(pair.target.relative)
        if pair.source is None or pair.source.kind is Kind.FOLDER:
            return due + self._without_source(pair)
        if pair.source.kind in (Kind.ODD, Kind.EXCLUDED):
            return [*due, self._unseen(pair.source)]
        return [*due, *self._with_source(pair.source, pair.target, same)]

    def rest(self) -> list[Step]:
        """What waited until the end."""
        return self._due("")

    def _due(self, relative: str) -> list[Step]:
        """The files whose folders are behind us."""
        passed = [held for held in self._held if not relative.startswith(f"{held.step.relative}")]
        self._held = [held for held in self._held if held not in passed]
        return [_refusal(h.step, "a directory is there") if h.blocked else h.step for h in passed]

    def _unseen(self, source: Item) -> Step:
        """What the target has there stays: nobody knows whether the source has it."""
        self._protected.add(source.relative)
        self._block(source.relative)
        verb = Verb.REFUSE if source.kind is Kind.ODD else Verb.SKIP
        return Step(verb, source.relative, source.reason or "excluded")

    def _without_source(self, pair: Pair) -> list[Step]:
        if pair.source is not None:
            self._source_folders.add(pair.relative)
        target = pair.target
        if target is None or target.kind is Kind.FOLDER:
            return []
        if target.kind not in _THERE or self._stays(target, pair.ahead):
            return self._kept(target)
        return [self._of_surplus(Verb.DELETE, target)]

    def _stays(self, target: Item, ahead: str) -> bool:
        if not self._rules.delete or self._protected.folder_of(target.relative) is not None:
            return True
        if not self._nature.wants(target.relative):
            return True
        if target.kind is not Kind.HOLLOW:
            return False
        # The folder is there on the source's side too, with something in it.
        if self._nature.is_disk and ahead.startswith(target.relative):
            return True
        return self._source_folders.holds(target.relative[:-1], at=target.relative)

    def _kept(self, target: Item) -> list[Step]:
        self._block(target.relative)
        if target.kind is not Kind.HOLLOW:
            self._target_files.add(target.relative)
        is_told = self._rules.own_past and target.kind in _THERE
        return [self._of_surplus(Verb.KEEP, target)] if is_told else []

    def _of_surplus(self, verb: Verb, target: Item) -> Step:
        return Step(verb, target.relative, self._rules.surplus, target.size, item=target)

    def _block(self, relative: str) -> None:
        for held in self._held:
            held.blocked = held.blocked or relative.startswith(f"{held.step.relative}/")

    def _with_source(self, source: Item, target: Item | None, same: bool | None) -> list[Step]:
        step = Step(self._nature.verb, source.relative, self._rules.lack, source.size, item=source)
        refusal = self._nature.refuses(source) or self._obstacle(source)
        if refusal is None and target is not None and target.kind in (Kind.ODD, Kind.EXCLUDED):
            refusal = target.reason or "excluded at the target"
        if refusal is not None:
            if target is not None and target.kind is not Kind.FOLDER:
                self._block(source.relative)
            return [_refusal(step, refusal)]
        if target is not None and target.kind is Kind.FOLDER:
            return self._in_place_of_folder(step)
        if source.kind is Kind.FILE:
            self._source_files.add(source.relative)
        return [self._compared(step, source, target, same)]

    def _in_place_of_folder(self, step: Step) -> list[Step]:
        if not self._rules.delete:
            return [_refusal(step, "a directory is there")]
        self._source_files.add(step.relative)
        held = replace(step, reason="in place of a directory", replaces_folder=True)
        self._held.append(_Held(held))
        return []

    def _compared(self, step: Step, source: Item, target: Item | None, same: bool | None) -> Step:
        if target is None and source.kind is Kind.HOLLOW:
            there = self._target_folders.holds(source.relative[:-1], at=source.relative)
            return replace(step, verb=Verb.SKIP, reason="is there") if there else step
        if target is None:
            return step
        if source.kind is target.kind is Kind.HOLLOW:
            return replace(step, verb=Verb.SKIP, reason="is there")
        difference = self._rules.difference(source, target, same)
        if difference is None:
            return replace(step, verb=Verb.SKIP, reason=self._rules.likeness)
        return replace(step, reason=difference)

    def _obstacle(self, source: Item) -> str | None:
        if not self._nature.is_disk:
            return None
        above = self._source_files.folder_of(source.relative)
        if above is not None:
            return f"another blob is {above}"
        above = self._target_files.folder_of(source.relative)
        return None if above is None else f"{above} is a file"


def _refusal(step: Step, reason: str) -> Step:
    return replace(step, verb=Verb.REFUSE, reason=reason)
