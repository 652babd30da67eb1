"""The bucket that a request names, with the documents that say who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from holdall.catalog.tables import buckets, grants, settings
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.grants import GrantRow
from holdall.catalog.transaction import Reads
from holdall.core.values import Versioning
from holdall.engine.engine import Engine
from holdall.engine.records import VERSIONING
from holdall.s3.errors import S3Error


@dataclass(frozen=True, slots=True, eq=False)  # by identity: what follows is remembered by it
class Bucket:
    """`settings` are documents by name, as they were stored.

    While nothing of it changes every request is given the same object.
    """

    id: str
    name: str
    owner: str
    versioning: Versioning
    locked: bool
    public: bool
    settings: Mapping[str, str]
    grants: tuple[GrantRow, ...]


async def load(engine: Engine, name: str, user: str | None) -> Bucket:
    """The caller's own bucket of that name, else the only one. `NoSuchBucket`."""
    found = await engine.catalog.read(partial(_load, name=name, user=user))
    if found is None:
        raise S3Error("NoSuchBucket", BucketName=name)
    return found


def _load(reads: Reads, name: str, user: str | None) -> Bucket | None:
    rows = buckets.named(reads, name)
    chosen = [row for row in rows if row.owner == user] or rows
    if len(chosen) != 1:
        return None
    row = chosen[0]
    return _bucket(row, tuple(settings.of(reads, row.id).items()), tuple(grants.of(reads, row.id)))


@lru_cache(maxsize=1024)
def _bucket(
    row: BucketRow, documents: tuple[tuple[str, str], ...], grants: tuple[GrantRow, ...]
) -> Bucket:
    return Bucket(
        id=row.uid,
        name=str(row.name),
        owner=row.owner,
        versioning=VERSIONING[row.versioning],
        locked=bool(row.locked),
        public=bool(row.public),
        settings=dict(documents),
        grants=grants,
    )
