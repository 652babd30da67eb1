"""How the errors of a provider look from above a payload store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from holdall.core.errors import (
    Busy,
    Closed,
    HoldallError,
    OutcomeUnknown,
    PreconditionFailed,
    StoreError,
    Timeout,
)


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
