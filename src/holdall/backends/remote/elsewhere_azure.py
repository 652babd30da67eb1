"""A container at Azure that a server of ours knows of."""

from __future__ import annotations

from typing import Self

from holdall.backends.azure import AzureBackend
from holdall.backends.remote.granting import AzureGrant
from holdall.backends.remote.renewing import Renewal
from holdall.core.values import BucketRecord
from holdall.payloads.azure import Account, AzureClient


class AzureElsewhere(AzureBackend):
    """However the container is called here, that is the one which is meant. `record`: what is
    known of it, where those who ask may not see more than its blobs."""

    def __init__(
        self, client: AzureClient, container: str, record: BucketRecord | None = None
    ) -> None:
        super().__init__(client)
        self._container = container
        self._record_here = record

    @classmethod
    def granted(cls, record: BucketRecord, renewal: Renewal[AzureGrant]) -> Self:
        """With what a server grants for it."""
        grant = renewal.grant

        async def ask() -> str:
            return (await renewal.current()).sas

        # No name of the account: only its key signs with that.
        client = AzureClient(Account(grant.endpoint, "", sas=grant.sas, ask=ask))
        return cls(client, grant.bucket, record)

    def _name(self, bucket: str) -> str:
        return self._container

    async def get_bucket(self, bucket: str) -> BucketRecord:
        return self._record_here or await super().get_bucket(bucket)
