"""Buckets that are imported: a record here of a bucket at a provider, and how to reach it.

The record is a document of a bucket of ours that holds nothing. The credentials in it are sealed
with the server's master key, and with where they go: they open for no other endpoint or bucket.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from holdall.core.errors import Conflict
from holdall.s3.errors import S3Error
from holdall.s3.signing import Credentials
from holdall.server.buckets import Bucket
from holdall.server.sealing import Broken, Master, Sealer

SETTING: Final = "imported"
PURPOSE: Final = "imported buckets"

Provider = Literal["aws", "minio", "s3"]


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket at a provider. `endpoint` None: that of AWS in the region."""

    provider: Provider
    bucket: str
    region: str
    endpoint: str | None

    @property
    def about(self) -> str:
        """What its credentials are sealed with."""
        return json.dumps([self.provider, self.bucket, self.region, self.endpoint])


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

    def seal(self, place: Place, credentials: Credentials) -> Import:
        plain = json.dumps(
            [credentials.access_key, credentials.secret_key, credentials.session_token]
        )
        return Import(place, self._sealer.seal(plain.encode(), place.about))

    def open(self, found: Import) -> Credentials:
        """`Conflict` where the key is gone that they were sealed with."""
        try:
            plain = self._sealer.unseal(found.sealed, found.place.about)
        except Broken:
            raise Conflict(
                "The credentials of this bucket were sealed with a master key that is gone. Delete"
                " the bucket here, and import it again."
            ) from None
        return Credentials(*json.loads(plain))

    def renewed(self, text: str) -> str | None:
        """A document, sealed with the newest master key; None where it is already. `Broken`."""
        found = Import.of(text)
        sealed = self._sealer.renewed(found.sealed, found.place.about)
        return None if sealed is None else Import(found.place, sealed).text


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
