"""A shared access signature for one container ("Create a service SAS")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from holdall.backends.access import BucketAccess
from holdall.payloads.azure.account import Account

HOUR: Final = timedelta(hours=1)
_READS: Final = ContainerSasPermissions(read=True, list=True)
_READS_AND_WRITES: Final = ContainerSasPermissions(
    read=True, list=True, tag=True, create=True, add=True, write=True, delete=True
)


def granted(
    account: Account, container: str, *, life: timedelta = HOUR, writes: bool = True
) -> BucketAccess:
    """To read and, unless told otherwise, to write. The account's key must be known.

    Whoever may see tags may set them, too, so that who only reads does not see them.
    """
    until = (datetime.now(UTC) + life).replace(microsecond=0)
    sas = generate_container_sas(
        account.name,
        container,
        account_key=account.key,
        permission=_READS_AND_WRITES if writes else _READS,
        expiry=until,
        protocol="https" if account.url.startswith("https:") else None,
    )
    fields = {
        "bucket_name": container,
        "storage_endpoint": account.url,
        "sas_token": sas,
        "expiry": until.isoformat(),
    }
    return BucketAccess(container, "azure", fields)
