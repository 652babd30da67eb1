"""A bucket of Google Cloud Storage that a server of ours knows of."""

from __future__ import annotations

from typing import Self

from holdall.backends.gcs import GcsBackend
from holdall.backends.remote.granting import GoogleGrant
from holdall.backends.remote.renewing import Renewal
from holdall.payloads.gcs.access import Access
from holdall.payloads.gcs.client import ENDPOINT, GcsClient


class GoogleElsewhere(GcsBackend):
    """However the bucket is called here, that is the one which is meant."""

    def __init__(self, client: GcsClient, bucket: str) -> None:
        super().__init__(client)
        self._bucket = bucket

    @classmethod
    def granted(cls, renewal: Renewal[GoogleGrant]) -> Self:
        """With what a server grants for it."""
        grant = renewal.grant

        async def ask() -> str:
            return (await renewal.current()).token

        access, endpoint = Access(None, ask=ask), grant.endpoint or ENDPOINT
        client = GcsClient(None, grant.project, endpoint=endpoint, access=access)
        return cls(client, grant.bucket)

    def _name(self, bucket: str) -> str:
        return self._bucket
