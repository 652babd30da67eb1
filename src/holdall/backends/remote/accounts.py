"""A server's accounts by its control plane: credentials, and imported buckets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

from holdall.backends.access import BucketAccess, LastingAccess
from holdall.backends.protocol import Backend
from holdall.backends.remote import records
from holdall.backends.remote.backend import RemoteBackend
from holdall.backends.remote.control import Control, segment
from holdall.backends.remote.elsewhere import Elsewhere
from holdall.core.errors import InvalidArgument, NotFound, NotSupported
from holdall.core.uris import ORG
from holdall.core.values import BucketRecord, Versioning

HOLDALL: Final = "holdall"


class RemoteAccounts:
    """Meets `Accounts` beside a `RemoteBackend`, which it does not own."""

    def __init__(self, backend: RemoteBackend) -> None:
        self._backend = backend
        self._elsewhere = Elsewhere(backend)

    @property
    def _control(self) -> Control:
        return self._backend.control

    async def create_bucket(
        self, name: str | None, *, org: str, versioning: Versioning
    ) -> BucketRecord:
        return await self._backend.create_bucket(name, versioning=versioning, owner=f"{ORG}{org}")

    async def import_bucket(
        self,
        name: str,
        *,
        org: str | None,
        provider: str,
        provider_bucket: str,
        credentials: Mapping[str, str],
    ) -> BucketRecord:
        body = {
            "name": name,
            "owner": None if org is None else f"{ORG}{org}",
            "provider": provider,
            "provider_bucket_name": provider_bucket,
            "credentials": {n: v for n, v in credentials.items() if n != "bucket_name"},
        }
        return records.bucket(await self._control.post("/buckets/import", body, bucket=name))

    async def backend_of(self, record: BucketRecord) -> Backend:
        return await self._elsewhere.backend_of(record)

    async def aclose(self) -> None:
        await self._elsewhere.aclose()

    async def list_credentials(self) -> AsyncIterator[LastingAccess]:
        known = await self._buckets()
        async for key in self._control.every("/keys"):
            if key["buckets"] is not None:
                yield self._shown(key, known)

    async def create_credentials(
        self, buckets: Iterable[str], *, name: str | None, read_only: bool
    ) -> LastingAccess:
        chosen = [await self._backend.get_bucket(bucket) for bucket in buckets]
        if not chosen:
            raise InvalidArgument("Credentials are for one bucket at least.")
        for record in chosen:
            _refuse_elsewhere(record)
        names = sorted({str(record.name) for record in chosen})
        body = {"name": name or "", "buckets": names, "read_only": read_only}
        made = await self._control.post("/keys", body)
        return self._shown(made, {str(record.name): record for record in chosen})

    async def get_credentials(self, id_or_name: str) -> LastingAccess:
        async for found in self.list_credentials():
            if id_or_name in (found.id, found.name):
                return found
        raise NotFound(f"There are no credentials {id_or_name!r}.", actual=id_or_name)

    async def delete_credentials(self, id_or_name: str) -> None:
        found = await self.get_credentials(id_or_name)
        await self._control.send("DELETE", f"/keys/{segment(found.id)}")

    async def _buckets(self) -> Mapping[str, BucketRecord]:
        return {str(record.name): record async for record in self._backend.list_buckets()}

    def _shown(self, key: Mapping[str, Any], known: Mapping[str, BucketRecord]) -> LastingAccess:
        """A bucket that is gone, or another's, goes by the name that the key has for it."""
        fields = {
            "region_name": self._control.access.region,
            "endpoint_url": self._control.access.endpoint,
            "access_key_id": key["id"],
        }
        if "secret_key" in key:
            fields["secret_access_key"] = key["secret_key"]
        buckets = [
            BucketAccess(
                known[name].id if name in known else name, HOLDALL, {"bucket_name": name, **fields}
            )
            for name in key["buckets"]
        ]
        return LastingAccess(
            key["id"], key["user"], key["name"] or None, key["read_only"], tuple(buckets)
        )


def _refuse_elsewhere(record: BucketRecord) -> None:
    if record.provider != HOLDALL:
        raise NotSupported(
            f"{record.name}: its provider makes no lasting credentials for one bucket.",
            bucket=record.name,
        )
