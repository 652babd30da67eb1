"""Buckets: making, changing and deleting them, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from holdall.core.errors import InvalidBucketName
from holdall.core.names import check_bucket_name
from holdall.core.values import BucketRecord, Usage, Versioning
from holdall.engine import buckets, settings
from holdall.engine.engine import Engine
from holdall.server.access.demands import ORGANISATION
from holdall.server.authorisation import Demand, decide
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import OWNER, BucketInPath, BucketName
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.control.problems import Refusal, forbidden
from holdall.server.imports import SETTING, Import, Provider, import_of
from holdall.server.operations.create_bucket import OURS

router = APIRouter(prefix="/buckets", tags=["buckets"])

State = Literal["enabled", "suspended", "off"]


class Bucket(BaseModel):
    """`owner` is a user's name or `org:NAME`. `public`: everybody may read its objects.

    An `imported` bucket is a record of one at another `provider`, by the name that it has there.
    """

    name: str
    id: str
    owner: str
    created_at: datetime
    versioning: State
    public: bool
    locked: bool
    imported: bool
    provider: Literal["holdall"] | Provider
    provider_bucket_name: str


Owner = Annotated[str, StringConstraints(pattern=OWNER)] | None


class NewBucket(Asked):
    name: BucketName
    owner: Owner = None
    versioned: bool = True
    locked: bool = False


class BucketChange(Asked):
    """What is absent stays as it is."""

    public: bool | None = None
    versioning: Literal["enabled", "suspended"] | None = None


class BucketUsage(BaseModel):
    """`blobs` and `bytes` speak of current objects only; sizes are in bytes."""

    blobs: int
    bytes: int
    revisions: int
    revision_bytes: int
    markers: int


def shown(record: BucketRecord, imported: Import | None = None) -> Bucket:
    return Bucket(
        name=str(record.name),
        id=record.id,
        owner=record.owner,
        created_at=record.created_at,
        versioning=record.versioning.value,
        public=record.public_access,
        locked=record.locked,
        imported=imported is not None,
        provider="holdall" if imported is None else imported.place.provider,
        provider_bucket_name=str(record.name) if imported is None else imported.place.bucket,
    )


@router.get("", responses=described(Bucket), response_model=None)
async def list_buckets(
    request: Request,
    caller: Caller,
    owner: Annotated[str | None, Query(max_length=255, pattern=r"^[^\x00/]+$")] = None,
    prefix: Annotated[str, Query(max_length=63, pattern=r"^[a-z0-9._-]*$")] = "",
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """The named buckets of the caller, or of an `owner` whose buckets the caller may see."""
    engine = _engine_of(caller, owner, ("owner", "admin", "member", "reader"))
    scope = caller.proved.key.caller.key

    async def fetch(after: str, limit: int) -> Sequence[Bucket]:
        records = await buckets.page(engine, prefix=prefix, after=after, limit=limit)
        return await _shown_each(engine, records)

    async def fetch_some(after: str, limit: int) -> Sequence[Bucket]:
        """Those within the key's scope, which lists few."""
        names = sorted(name for name in (scope and scope.buckets) or () if name > after)
        found = [bucket for name in names for bucket in await _named(engine, name)]
        return [bucket for bucket in found if bucket.name.startswith(prefix)][:limit]

    chosen = fetch_some if scope is not None and scope.buckets is not None else fetch
    return await listed(request, chosen, lambda bucket: bucket.name, after, limit)


async def _named(engine: Engine, name: str) -> list[Bucket]:
    records = await buckets.named(engine, name)
    return await _shown_each(engine, [each for each in records if each.owner == engine.owner])


async def _shown_each(engine: Engine, records: Sequence[BucketRecord]) -> list[Bucket]:
    documents = await settings.holders(engine, SETTING, [record.id for record in records])
    imported = {id: Import.of(text) for id, text in documents.items()}
    return [shown(record, imported.get(record.id)) for record in records]


@router.post("", status_code=201)
async def create_bucket(wanted: NewBucket, caller: Caller) -> Bucket:
    """Make a bucket for the caller, or for an organisation that the caller manages."""
    engine = engine_for_new(caller, wanted.name, wanted.owner)
    versioning = Versioning.ENABLED if wanted.versioned else Versioning.OFF
    record = await buckets.create(
        engine, wanted.name, versioning, exclusive=True, locked=wanted.locked
    )
    return shown(record)


def engine_for_new(caller: Calling, name: str, owner: str | None) -> Engine:
    """Acts for who shall own a new bucket of that name. `Refusal` 403, and 422 for a name that
    no bucket may have."""
    engine = _engine_of(caller, owner, ("owner", "admin"))
    demand = Demand(action="s3:CreateBucket", name=name, writes=True)
    if not decide(caller.proved.key.caller, demand).allowed:
        raise forbidden("You may not make this bucket with this key.")
    _check_name(name)
    return engine


def _check_name(name: str) -> None:
    """Holdall's rule, which is S3's with `_` and short names as well."""
    try:
        check_bucket_name(name)
    except InvalidBucketName as error:
        raise Refusal(422, "InvalidBucketName", error.message) from None
    if name in OURS:
        raise Refusal(422, "InvalidBucketName", "It is a path of the server itself.")


def _engine_of(caller: Calling, owner: str | None, roles: tuple[str, ...]) -> Engine:
    """Acts in the name of the caller, or of an organisation or user that they stand for."""
    if owner is None or owner == caller.user or caller.is_admin:
        return caller.site.state.engine_of(owner or caller.user)
    name = owner.removeprefix(ORGANISATION)
    if owner.startswith(ORGANISATION) and caller.role_in(name) in roles:
        return caller.site.state.engine_of(owner)
    raise forbidden(f"You do not act for {owner}.")


@router.get("/{bucket}")
async def get_bucket(bucket: BucketInPath, caller: Caller) -> Bucket:
    """What is known of a bucket that the caller may list."""
    found = await caller.bucket(bucket, "s3:ListBucket", elsewhere=True)
    return shown(await buckets.get(caller.engine, found.id), import_of(found))


@router.patch("/{bucket}")
async def change_bucket(bucket: BucketInPath, change: BucketChange, caller: Caller) -> Bucket:
    """Open a bucket to the public or close it, switch its versioning. For those who manage it."""
    found = await caller.bucket(bucket, "s3:ListBucket")
    if change.public is not None:
        await caller.bucket(bucket, "s3:PutBucketPublicAccessBlock", writes=True)
    if change.versioning is not None:
        await caller.bucket(bucket, "s3:PutBucketVersioning", writes=True)
        await buckets.set_versioning(caller.engine, found.id, Versioning(change.versioning))
    if change.public is not None:
        await buckets.set_public_access(caller.engine, found.id, change.public)
    return shown(await buckets.get(caller.engine, found.id))


@router.delete("/{bucket}", status_code=204)
async def delete_bucket(bucket: BucketInPath, caller: Caller, force: bool = False) -> None:
    """Delete a bucket; `force` empties it first, of all revisions and uploads.

    Of an imported one the record and the credentials go, and nothing at its provider.
    """
    found = await caller.bucket(bucket, "s3:DeleteBucket", writes=True, elsewhere=True)
    if force:
        await caller.bucket(bucket, "s3:DeleteObjectVersion", writes=True, elsewhere=True)
    await buckets.delete(caller.engine, found.id, force)


@router.get("/{bucket}/usage")
async def get_usage(bucket: BucketInPath, caller: Caller) -> BucketUsage:
    """How much a bucket holds."""
    found = await caller.bucket(bucket, "s3:ListBucket")
    return _shown_usage(await buckets.measure(caller.engine, found.id))


def _shown_usage(usage: Usage) -> BucketUsage:
    return BucketUsage(
        blobs=usage.blobs,
        bytes=usage.bytes,
        revisions=usage.revisions,
        revision_bytes=usage.revision_bytes,
        markers=usage.markers,
    )
