"""How much a bucket holds."""

from __future__ import annotations

from dataclasses import dataclass

from holdall.core.values import Usage


@dataclass(frozen=True, slots=True)
class BucketUsage:
    """`total_bytes` and `object_count` speak of current blobs; the rest stands beside them.

    `revision_count` and `revision_bytes` cover every content kept, current ones included;
    `marker_count` counts delete markers.
    """

    total_bytes: int
    object_count: int
    revision_count: int = 0
    revision_bytes: int = 0
    marker_count: int = 0


def usage_of(usage: Usage) -> BucketUsage:
    """A backend's usage, under the names that users know."""
    return BucketUsage(
        total_bytes=usage.bytes,
        object_count=usage.blobs,
        revision_count=usage.revisions,
        revision_bytes=usage.revision_bytes,
        marker_count=usage.markers,
    )
