"""How buckets, conditions, times and versions are called in requests to a control plane."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdall.backends.remote import records
from holdall.backends.remote.control import Control, segment
from holdall.core.errors import (
    BucketNotFound,
    InvalidArgument,
    InvalidBucketName,
    RevisionNotFound,
)
from holdall.core.names import BucketRef, check_bucket_name, parse_bucket_ref
from holdall.core.values import BucketRecord, Precondition


class Names:
    """Knows buckets by their names, as a server does, and finds out those of ids.

    A name that was found for an id, or for an owner and a name, is remembered: a bucket is
    never called otherwise while it is there.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._known: dict[str, str] = {}

    async def name(self, bucket: str) -> str:
        """`BucketNotFound` for an id of no bucket of the caller's, for a name that is not its
        owner's, and for one that no bucket can have."""
        ref = parse_bucket_ref(bucket)
        if ref.id is None and ref.owner is None:
            return _possible(str(ref.name))
        known = self._known.get(bucket)
        return known if known is not None else str((await self.record(bucket)).name)

    async def record(self, bucket: str) -> BucketRecord:
        """What the server knows of a bucket. `BucketNotFound`."""
        found = await self._find(bucket, parse_bucket_ref(bucket))
        for ref in (found.id, f"{found.owner}/{found.name}"):
            self._known[ref] = str(found.name)
        return found

    def forget(self, name: str) -> None:
        """The bucket of that name may be gone."""
        self._known = {ref: known for ref, known in self._known.items() if known != name}

    async def _find(self, bucket: str, ref: BucketRef) -> BucketRecord:
        if ref.id is not None and bucket not in self._known:
            return await self._by_id(bucket)
        name = _possible(self._known.get(bucket) or str(ref.name))
        document = await self._control.get(f"/buckets/{segment(name)}", bucket=name)
        found = records.bucket(document)
        if ref.owner not in (None, found.owner) or ref.id not in (None, found.id):
            raise _missing(bucket)
        return found

    async def _by_id(self, id: str) -> BucketRecord:
        async for document in self._control.every("/buckets"):
            if document["id"] == id:
                return records.bucket(document)
        raise _missing(id)


def _possible(name: str) -> str:
    try:
        check_bucket_name(name)
    except InvalidBucketName as error:  # a bucket that cannot exist is not there
        raise _missing(name) from error
    return name


def _missing(bucket: str) -> BucketNotFound:
    return BucketNotFound(f"There is no bucket {bucket!r}.", bucket=bucket)


def condition(wanted: Precondition) -> Mapping[str, Any]:
    """A condition as a document."""
    return {
        "if_match": wanted.if_match,
        "if_none_match": wanted.if_none_match,
        "expect": wanted.expect,
        "if_match_size": wanted.if_match_size,
        "if_match_time": moment(wanted.if_match_time),
    }


def moment(time: datetime | None) -> str | None:
    """A time as text. `InvalidArgument` for one that names no moment."""
    if time is not None and time.tzinfo is None:
        raise InvalidArgument("A time needs a time zone.", actual=time)
    return None if time is None else time.isoformat()


def carried(version: str, key: str) -> str:
    """A version id as it is sent. `RevisionNotFound` for what cannot be."""
    try:
        version.encode()
    except UnicodeEncodeError as error:
        raise RevisionNotFound(f"{key!r} has no revision {version!a}.", key=key) from error
    return version
