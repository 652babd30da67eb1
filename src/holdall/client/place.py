"""A key in a bucket of an open backend: what every verb is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yarl import URL

from holdall.backends.protocol import Backend
from holdall.client.values.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verb works. The empty key is the whole bucket."""

    backend: Backend
    bucket: Bucket
    key: str = ""

    @property
    def uri(self) -> URL:
        return self.bucket.uri_of(self.key)

    def local_time(self, time: datetime) -> float:
        """A time that the backend told, by the clock of this machine: seconds since 1970 UTC."""
        return (time - self.backend.clock_skew).timestamp()

    def at(self, key: str) -> Place:
        """Another key of the same bucket."""
        return Place(self.backend, self.bucket, key)

    def as_folder(self) -> Place:
        """The same name with the slash that makes it a prefix; a bucket stays what it is."""
        return self if not self.key or self.key.endswith("/") else self.at(self.key + "/")
