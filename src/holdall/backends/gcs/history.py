"""The generations that Google holds of one key, and which of them a reference names."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from holdall.backends.gcs import said
from holdall.backends.protocol import RevisionRef
from holdall.core.errors import BlobNotFound, RevisionNotFound
from holdall.core.values import Revision
from holdall.payloads.gcs.client import GcsClient, Resource


@dataclass(frozen=True, slots=True)
class Generation:
    """`number` is its place among those held, the oldest 0, or `NEWEST`: nobody told it."""

    number: int
    found: Resource

    @property
    def id(self) -> str:
        return str(self.found["generation"])

    @property
    def revision(self) -> Revision:
        return said.revision(self.found, number=self.number)


async def generations(client: GcsClient, bucket: str, key: str) -> list[Generation]:
    """All of a key, the newest first."""
    found = list[Resource]()
    query = {"prefix": key, "endOffset": f"{key}\0", "versions": "true"}
    async with aclosing(client.pages(bucket, query)) as pages:
        async for page in pages:
            found += [each for each in page.get("items", ()) if each["name"] == key]
    found.sort(key=lambda each: int(each["generation"]), reverse=True)
    return [Generation(len(found) - at, each) for at, each in enumerate(found, 1)]


def find(held: Sequence[Generation], bucket: str, key: str, revision: RevisionRef) -> Generation:
    """The one that a number or an id names. `BlobNotFound` where none is held."""
    demand_any(held, bucket, key)
    for each in held:
        if revision in (each.number, each.number - len(held), each.id):
            return each
    text = f"{key!r} has no revision {revision!a}."
    raise RevisionNotFound(text, bucket=bucket, key=key, revision=revision)


def demand_any(held: Sequence[Generation], bucket: str, key: str) -> None:
    if not held:
        raise BlobNotFound(f"There is no blob {key!r}.", bucket=bucket, key=key)
