"""What a server keeps beside buckets and blobs: credentials, and buckets of other providers.

The docstrings are the contract. A backend of which nobody else may be told anything has none.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Protocol

from holdall.backends.access import LastingAccess
from holdall.backends.protocol import Backend
from holdall.core.values import BucketRecord, Versioning


class Accounts(Protocol):
    """Buckets are referred to as in `Backend`. `PermissionDenied` for what the caller may not."""

    async def create_bucket(
        self, name: str | None, *, org: str, versioning: Versioning
    ) -> BucketRecord:
        """Make a bucket for an organisation that the caller manages. As in `Backend`."""

    async def import_bucket(
        self,
        name: str,
        *,
        org: str | None,
        provider: str,
        provider_bucket: str,
        credentials: Mapping[str, str],
    ) -> BucketRecord:
        """Make a bucket at a provider known here, once its credentials were seen to work.

        They are kept sealed and handed to nobody. `InvalidArgument` for credentials that the
        provider refuses, `BucketExists`.
        """

    async def backend_of(self, record: BucketRecord) -> Backend:
        """The way to the blobs of a bucket that was imported. Closed with the backend that the
        record is of. `NotSupported` where its provider gives out nothing for it alone."""

    def list_credentials(self) -> AsyncIterable[LastingAccess]:
        """The caller's own, without their secrets."""

    async def create_credentials(
        self, buckets: Iterable[str], *, name: str | None, read_only: bool
    ) -> LastingAccess:
        """Make credentials to some buckets, one at least, with their secret.

        `Conflict` when the caller has others of that name; `NotSupported` for a bucket that
        was imported.
        """

    async def get_credentials(self, id_or_name: str) -> LastingAccess:
        """Without their secret. `NotFound`."""

    async def delete_credentials(self, id_or_name: str) -> None:
        """End them, at once. `NotFound`."""

    async def aclose(self) -> None:
        """Let go of the ways to other providers. Harmless when repeated."""
