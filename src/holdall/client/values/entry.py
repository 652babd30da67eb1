"""What a bucket contains, as listings show it: blobs and common prefixes."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from yarl import URL

from holdall.client.values.bucket import Bucket
from holdall.core.values import DEFAULT_CONTENT_TYPE, CommonPrefix, Entry, Revision


@dataclass(frozen=True, slots=True)
class BucketEntry(abc.ABC):
    """A name in a bucket. `size` is in bytes; times are None where nobody keeps them."""

    key: str
    bucket: Bucket
    size: int
    created_at: datetime | None = None
    modified_at: datetime | None = None

    @property
    def uri(self) -> URL:
        """`blob://cluster/owner/bucket/key`."""
        return self.bucket.uri_of(self.key)

    @property
    def name(self) -> str:
        """The last segment of the key, without a slash at its end."""
        return self.key.removesuffix("/").rpartition("/")[2]

    @abc.abstractmethod
    def is_dir(self, uri: URL | None = None) -> bool:
        """Whether this stands for a directory. `uri` is ignored; older callers pass it."""

    def is_file(self, uri: URL | None = None) -> bool:
        """Whether this is a blob with a content of its own. `uri` is ignored."""
        return not self.is_dir()


@dataclass(frozen=True, slots=True)
class BlobObject(BucketEntry):
    """One revision of a blob, usually the current one.

    A revision never changes, so `created_at` and `modified_at` are both the time of its
    commit. `revision` counts 0, 1, 2 … in the order written; `version` is opaque and never
    used twice. `is_marker` is true of a delete marker, which has no content. `checksums` are
    the digests of its bytes that are known, by algorithm; CRCs are big-endian.
    """

    content_type: str = DEFAULT_CONTENT_TYPE
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    revision: int = 0
    version: str = ""
    is_marker: bool = False
    is_current: bool = True
    checksums: Mapping[str, bytes] = field(default_factory=dict)

    def is_dir(self, uri: URL | None = None) -> bool:
        """Whether this is the marker of a directory: no bytes, and a key that ends in `/`."""
        return self.key.endswith("/") and self.size == 0


@dataclass(frozen=True, slots=True)
class BlobCommonPrefix(BucketEntry):
    """All keys of a listing that begin with `key`, which ends in `/`."""

    size: int = 0

    def is_dir(self, uri: URL | None = None) -> bool:
        """Always true."""
        return True


def blob_of(bucket: Bucket, revision: Revision) -> BlobObject:
    """A backend's revision, placed in its bucket."""
    return BlobObject(
        key=revision.key,
        bucket=bucket,
        size=revision.size,
        created_at=revision.created_at,
        modified_at=revision.created_at,
        content_type=revision.content_type,
        metadata=revision.metadata,
        tags=revision.tags,
        etag=revision.etag,
        revision=revision.number,
        version=revision.version,
        is_marker=revision.is_marker,
        is_current=revision.is_current,
        checksums=revision.checksums,
    )


def entry_of(bucket: Bucket, entry: Entry) -> BlobObject | BlobCommonPrefix:
    """A backend's listing entry, placed in its bucket."""
    if isinstance(entry, CommonPrefix):
        return BlobCommonPrefix(key=entry.prefix, bucket=bucket)
    return blob_of(bucket, entry)
