"""The exam that every backend sits: each sentence of the protocol, as a test.

Subclass `BackendTests` and give an async fixture `backend`: empty, closed afterwards. What
is skipped is skipped because the backend's `capabilities` say that it cannot do it.
"""

from __future__ import annotations

from holdall.testing.backends.abilities import AbilityTests
from holdall.testing.backends.blobs import BlobTests
from holdall.testing.backends.buckets import BucketTests
from holdall.testing.backends.conditions import ConditionTests
from holdall.testing.backends.copies import CopyTests
from holdall.testing.backends.deletions import DeletionTests
from holdall.testing.backends.keys import KeyTests
from holdall.testing.backends.listings import ListingTests
from holdall.testing.backends.ranges import RangeTests
from holdall.testing.backends.revisions import RevisionTests
from holdall.testing.backends.sources import SourceTests
from holdall.testing.backends.uploads import UploadTests
from holdall.testing.backends.usage import UsageTests

__all__ = ["BackendTests"]


class BackendTests(
    AbilityTests,
    BlobTests,
    BucketTests,
    ConditionTests,
    CopyTests,
    DeletionTests,
    KeyTests,
    ListingTests,
    RangeTests,
    RevisionTests,
    SourceTests,
    UploadTests,
    UsageTests,
):
    """All of it; there is no menu to choose from."""
