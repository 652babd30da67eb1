"""What is said of one revision and may change: its ACL, its retention, its legal hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from holdall.catalog.tables import events, marks
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.names import encode_key
from holdall.engine.checking import check_marks
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)

Check = Callable[[str | None], None]
"""Sees the old value, None where there is none, and raises if it may not be replaced."""


def anything(old: str | None) -> None:
    """The check that lets everything pass."""


async def get_marks(
    engine: Engine, bucket: str, key: str, revision: RevisionRef = None
) -> Mapping[str, str]:
    """All marks of a revision by name. `RevisionNotFound` for a delete marker."""
    ref, name = bucket_ref(bucket), encode_key(key)

    def query(reads: Reads) -> Mapping[str, str]:
        of = find_bucket(reads, ref, engine.owner)
        row, _ = find_revision(reads, of, name, revision)
        return marks.of(reads, require_content(row, of, name))

    return await engine.catalog.read(query)


async def set_mark(
    engine: Engine,
    bucket: str,
    key: str,
    name: str,
    value: str | None,
    revision: RevisionRef = None,
    check: Check = anything,
) -> None:
    """Set a mark of a revision, or take it away with None.

    `check` decides in the same transaction; it may be called more than once, and what it
    raises passes through. `RevisionNotFound` for a delete marker.
    """
    ref, encoded = bucket_ref(bucket), encode_key(key)
    if value is not None:
        check_marks({name: value})

    def unit(tx: Transaction) -> None:
        of = find_bucket(tx, ref, engine.owner)
        found, _ = find_revision(tx, of, encoded, revision)
        row = require_content(found, of, encoded)
        check(marks.of(tx, row).get(name))
        if value is None:
            marks.drop(tx, row, name)
        else:
            marks.put(tx, row, name, value)
        events.log(tx, tx.tick(), Kind.MARKED, of.id, engine.owner, encoded, row.number, row.size)

    await engine.catalog.write(unit)
