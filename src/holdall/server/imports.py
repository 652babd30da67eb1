"""Buckets that are imported: a record here of a bucket at a provider, and how to reach it.

The record is a document of a bucket of ours that holds nothing. The credentials in it are sealed
with the server's master key, and with where they go: they open for no other endpoint or bucket.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

from holdall.core.errors import Conflict
from holdall.s3.errors import S3Error
from holdall.s3.signing import Credentials
from holdall.server.buckets import Bucket
from holdall.server.sealing import Broken, Master, Sealer

SETTING: Final = "imported"
PURPOSE: Final = "imported buckets"

READS: Final = ("s3:GetObject",)
WRITES: Final = ("s3:PutObject", "s3:DeleteObject")
"""What must be allowed here for all of a bucket where its provider asks for no single object."""

S3 = Literal["aws", "minio", "s3"]
Provider = S3 | Literal["azure", "gcp"]


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket at a provider. `endpoint` None: Google's, or that of AWS in the region, which is
    empty where the provider has no regions."""

    provider: Provider
    bucket: str
    region: str
    endpoint: str | None

    @property
    def about(self) -> str:
        """What its credentials are sealed with."""
        return json.dumps([self.provider, self.bucket, self.region, self.endpoint])


@dataclass(frozen=True, slots=True)
class AzureKey:
    """Credentials of a storage account: its key (base64), or a shared access signature."""

    account: str
    key: str | None = field(default=None, repr=False)
    sas: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GoogleKey:
    """Credentials of Google: the key of a service account (JSON), or an access token."""

    project: str | None
    service_account: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)


Held = Credentials | AzureKey | GoogleKey
"""What a bucket is imported with; those of S3 are for each who speaks it."""


@dataclass(frozen=True, slots=True)
class Import:
    """What is stored of an imported bucket."""

    place: Place
    sealed: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The document."""
        sealed = base64.b64encode(self.sealed).decode()
        return json.dumps({**asdict(self.place), "credentials": sealed})

    @classmethod
    def of(cls, text: str) -> Import:
        found: dict[str, Any] = json.loads(text)
        sealed = base64.b64decode(found.pop("credentials"))
        return cls(Place(**found), sealed)


class Vault:
    """Seals the credentials of imported buckets, and opens them."""

    def __init__(self, master: Master) -> None:
        self._sealer = Sealer(master, PURPOSE)

    def seal(self, place: Place, held: Held) -> Import:
        return Import(place, self._sealer.seal(_packed(held).encode(), place.about))

    def open(self, found: Import) -> Held:
        """`Conflict` where the key is gone that they were sealed with."""
        try:
            plain = self._sealer.unseal(found.sealed, found.place.about)
        except Broken:
            raise Conflict(
                "The credentials of this bucket were sealed with a master key that is gone. Delete"
                " the bucket here, and import it again."
            ) from None
        return _KINDS.get(found.place.provider, Credentials)(*json.loads(plain))

    def renewed(self, text: str) -> str | None:
        """A document, sealed with the newest master key; None where it is already. `Broken`."""
        found = Import.of(text)
        sealed = self._sealer.renewed(found.sealed, found.place.about)
        return None if sealed is None else Import(found.place, sealed).text


_KINDS: Final[Mapping[str, type[Held]]] = {"azure": AzureKey, "gcp": GoogleKey}


def _packed(held: Held) -> str:
    """The values in the order of the fields, which is part of what is stored."""
    return json.dumps([getattr(held, each.name) for each in fields(held)])


def import_of(bucket: Bucket) -> Import | None:
    """None for a bucket of our own."""
    text = bucket.settings.get(SETTING)
    return None if text is None else Import.of(text)


def refuse_elsewhere(bucket: Bucket) -> None:
    """`InvalidBucketState` for a bucket whose objects are not here."""
    if SETTING in bucket.settings:
        raise S3Error(
            "InvalidBucketState",
            "The bucket lives at another provider. Ask the control plane of this server for"
            " credentials or signed addresses, and the provider for the objects.",
            BucketName=bucket.name,
        )
