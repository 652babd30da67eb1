"""The versions that a provider holds of one key, and which of them a reference names."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from holdall.backends.protocol import RevisionRef
from holdall.backends.s3 import said
from holdall.core.errors import BlobNotFound, RevisionNotFound
from holdall.core.values import Revision
from holdall.s3.client import Listed, S3Client


@dataclass(frozen=True, slots=True)
class Version:
    """`number` is its place among those held, the oldest 0."""

    number: int
    listed: Listed

    @property
    def id(self) -> str:
        return self.listed.version or said.UNVERSIONED

    @property
    def asked(self) -> str | None:
        """The id by which it is asked for; None where the provider has none."""
        return self.listed.version

    @property
    def revision(self) -> Revision:
        """What a listing says of it."""
        return said.listed(self.listed, self.number, self.id)

    def described(self, revision: Revision) -> Revision:
        """What an answer says of it, which knows neither its place nor whether it is current."""
        return replace(
            revision, number=self.number, version=self.id, is_current=self.listed.is_latest
        )


async def versions(client: S3Client, bucket: str, key: str) -> list[Version]:
    """All versions and markers of a key, the newest first."""
    found = list[Listed]()
    async with aclosing(client.each_version(bucket, prefix=key)) as entries:
        async for entry in entries:
            if entry.key == key:
                found.append(entry)
            elif entry.key.encode() > key.encode():  # in byte order the key itself comes first
                break
    return [Version(len(found) - at, entry) for at, entry in enumerate(found, 1)]


async def only(client: S3Client, bucket: str, key: str) -> list[Version]:
    """The same where the provider has no versions."""
    try:
        head = await client.head(bucket, key)
    except BlobNotFound:
        await client.head_bucket(bucket)
        return []
    return [Version(0, Listed(key, head.size, head.etag, head.modified))]


def find(held: Sequence[Version], bucket: str, key: str, revision: RevisionRef) -> Version:
    """The version that a number or an id names. `BlobNotFound` where none is held.

    Numbers below 0 count contents only, as everywhere.
    """
    demand_any(held, bucket, key)
    found = _named(held, revision)
    if found is None:
        raise _missing(bucket, key, revision)
    return found


def find_content(held: Sequence[Version], bucket: str, key: str, revision: RevisionRef) -> Version:
    """The same; `RevisionNotFound` for a marker too."""
    found = find(held, bucket, key, revision)
    if found.listed.is_marker:
        raise _missing(bucket, key, revision)
    return found


def demand_any(held: Sequence[Version], bucket: str, key: str) -> None:
    if not held:
        raise BlobNotFound(f"There is no blob {key!r}.", bucket=bucket, key=key)


def _missing(bucket: str, key: str, revision: RevisionRef) -> RevisionNotFound:
    return RevisionNotFound(
        f"{key!r} has no revision {revision!a}.", bucket=bucket, key=key, revision=revision
    )


def _named(held: Sequence[Version], revision: RevisionRef) -> Version | None:
    if isinstance(revision, int) and revision < 0:
        contents = [version for version in held if not version.listed.is_marker]
        return contents[-revision - 1] if -revision <= len(contents) else None
    return next((each for each in held if revision in (each.number, each.id)), None)
