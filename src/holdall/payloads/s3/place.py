"""Which keys of the bucket are what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from holdall.s3.client import S3Client

ABANDONED: Final = timedelta(days=1)
"""How long a writer may be silent before what it left unfinished is swept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Finished payloads are `data/<id>`, what is on its way to one `staging/<token>`.

    `living` are the keys that writings of this process are at work on: no sweep of ours asks
    how old they are.
    """

    client: S3Client
    bucket: str
    prefix: str
    living: set[str] = field(default_factory=set)

    @property
    def data(self) -> str:
        return f"{self.prefix}data/"

    @property
    def staging(self) -> str:
        return f"{self.prefix}staging/"
