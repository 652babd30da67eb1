"""Which keys of the bucket are what, and how the client's errors look from above."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from holdall.core.errors import (
    Busy,
    Closed,
    HoldallError,
    OutcomeUnknown,
    PreconditionFailed,
    StoreError,
    Timeout,
)
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


@contextmanager
def translated() -> Iterator[None]:
    """What goes wrong with the payloads' bucket is the store's fault, never the caller's.

    A `BucketNotFound` of ours would be taken for one about a bucket of theirs. A doubt about
    a payload is none about the blob: nothing refers to the payload yet.
    """
    try:
        yield
    except OutcomeUnknown as error:
        raise StoreError(f"The payload store: {error}", **error.facts) from error
    except (Busy, Closed, StoreError, Timeout):
        raise
    except PreconditionFailed as error:
        raise StoreError(f"The payload exists: {error}", **error.facts) from error
    except HoldallError as error:
        raise StoreError(f"The payload store: {error}", **error.facts) from error
