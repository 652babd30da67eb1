"""The bucket that a request names, with the documents that say who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from holdall.catalog.tables import access
from holdall.catalog.tables.access import AccessRows
from holdall.catalog.tables.grants import GrantRow
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
    """The user's own bucket of that name, else the only one. `NoSuchBucket`."""
    found = await engine.catalog.read(partial(access.named, name=name), single=True)
    return chosen(found, name, user)


def chosen(found: tuple[AccessRows, ...], name: str, user: str | None) -> Bucket:
    """As `load`, among all buckets of that name."""
    if len(found) != 1:
        found = tuple(rows for rows in found if rows.bucket.owner == user)
    if len(found) != 1:
        raise S3Error("NoSuchBucket", BucketName=name)
    return _bucket(found[0])


@lru_cache(maxsize=1024)
def _bucket(rows: AccessRows) -> Bucket:
    row = rows.bucket
    return Bucket(
        id=row.uid,
        name=str(row.name),
        owner=row.owner,
        versioning=VERSIONING[row.versioning],
        locked=bool(row.locked),
        public=bool(row.public),
        settings=dict(rows.settings),
        grants=rows.grants,
    )
