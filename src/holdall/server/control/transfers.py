"""Transfers that the server makes by itself: from bucket to bucket, while the caller is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    model_validator,
)

from holdall.client.filtering import Filters
from holdall.core.errors import InvalidArgument, NotSupported
from holdall.server.access.callers import KeyScope
from holdall.server.buckets import Bucket
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketName
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.control.problems import Refusal
from holdall.server.imports import READS, WRITES, import_of
from holdall.server.transfers.values import Claim, End, State, Wanted, new_id
from holdall.server.transfers.values import Transfer as Record

router = APIRouter(prefix="/transfers", tags=["transfers"])

PATTERNS: Final = 32
UNFINISHED: Final = 100
"""Of one user at a time."""

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Kind = Literal["sync", "mirror"]


def _checked_prefix(prefix: str) -> str:
    if "\0" in prefix or len(prefix.encode(errors="replace")) > 1023:
        raise ValueError("it has at most 1023 bytes, and no NUL character")
    return prefix


def _checked_pattern(pattern: str) -> str:
    """What a pattern becomes takes a time that grows with every `*` between two slashes by a
    factor of the key's length: four of them hold a server up for minutes."""
    parts = pattern.split("/")
    if parts.count("**") > 2 or any(part.count("*") > 2 for part in parts):
        raise ValueError("it has at most two * between slashes, and at most two of **")
    return pattern


Prefix = Annotated[str, StringConstraints(max_length=1023), AfterValidator(_checked_prefix)]
Pattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00\r\n]+$"),
    AfterValidator(_checked_pattern),
]
Patterns = Annotated[list[Pattern], Field(max_length=PATTERNS)]


class Target(Asked):
    """All of a bucket, or what is below a prefix, which counts as a folder."""

    bucket: BucketName
    prefix: Prefix = ""

    @property
    def end(self) -> End:
        return End(bucket=self.bucket, prefix=self.prefix)


class Source(Target):
    at: AwareDatetime | None = Field(None, description="The bucket as it stood at a time.")


class WantedTransfer(Asked):
    """What the client's `sync` and `mirror` do, in their words.

    A sync transfers what the target has not, or has otherwise: by size and time, with `checksum`
    by content, with `update` only what is newer; `delete` removes what the source has not, and
    `include` and `exclude` are patterns as in `.gitignore`. A mirror compares contents, deletes,
    verifies all of it afterwards, and takes no more than `dry_run`.
    """

    source: Source
    target: Target
    kind: Kind = "sync"
    delete: bool = False
    update: bool = False
    checksum: bool = False
    dry_run: bool = Field(False, description="Count what would be done, and do nothing.")
    include: Patterns = Field(default_factory=list)
    exclude: Patterns = Field(default_factory=list)

    @model_validator(mode="after")
    def _check(self) -> Self:
        chosen = self.delete or self.update or self.checksum or self.include or self.exclude
        if self.kind == "mirror" and (chosen or self.source.at is not None):
            raise ValueError("a mirror takes only a source, a target, and `dry_run`")
        return self

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            source=self.source.end,
            target=self.target.end,
            at=self.source.at,
            mirror=self.kind == "mirror",
            delete=self.delete,
            update=self.update,
            checksum=self.checksum,
            dry_run=self.dry_run,
            include=tuple(self.include),
            exclude=tuple(self.exclude),
        )


class FailedKey(BaseModel):
    """`key` is below the prefixes; `code` a stable word for what went wrong with it."""

    key: str
    code: str


class Transfer(BaseModel):
    """`steps` are those planned so far, by verb, of the last attempt: `copy` with all in all
    `bytes`, `delete`, `skip` for what is as it should be, `refuse`. Of the copies `copied` are
    made, with `bytes_copied`. `failed` keys were not transferred, a hundred of which are named
    in `failures` at the end. `problem` says why a transfer failed.
    """

    id: str
    user: str
    state: State
    problem: str | None
    request: WantedTransfer
    steps: dict[str, int]
    bytes: int
    copied: int
    bytes_copied: int
    failed: int
    failures: list[FailedKey]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def shown(found: Record) -> Transfer:
    counts = found.counts
    return Transfer(
        id=found.id,
        user=found.claim.user,
        state=found.state,
        problem=found.problem,
        request=_request(found.wanted),
        steps=dict(counts.steps),
        bytes=counts.bytes,
        copied=counts.copied,
        bytes_copied=counts.bytes_copied,
        failed=counts.failed,
        failures=[FailedKey(key=each.key, code=each.code) for each in counts.failures],
        created_at=found.created,
        started_at=found.started,
        ended_at=found.ended,
    )


def _request(wanted: Wanted) -> WantedTransfer:
    source, target = wanted.source, wanted.target
    return WantedTransfer(
        source=Source(bucket=source.bucket, prefix=source.prefix, at=wanted.at),
        target=Target(bucket=target.bucket, prefix=target.prefix),
        kind="mirror" if wanted.mirror else "sync",
        delete=wanted.delete,
        update=wanted.update,
        checksum=wanted.checksum,
        dry_run=wanted.dry_run,
        include=list(wanted.include),
        exclude=list(wanted.exclude),
    )


@router.post("", status_code=201)
async def start_transfer(wanted: WantedTransfer, caller: Caller) -> Transfer:
    """Have the server copy from a bucket to a bucket, its own or imported ones, in the caller's
    name and with the rights of the access key. It goes on when the server was interrupted."""
    await _demand_rights(wanted, caller)
    Filters(wanted.exclude, wanted.include)  # which says what is wrong with them
    await asyncio.to_thread(_demand_room, caller)
    runner, now = caller.site.transfers, caller.site.state.now()
    made = Record(id=new_id(now), claim=_claim(caller), wanted=wanted.wanted, created=now)
    await asyncio.to_thread(runner.folder.add, made)
    await runner.look()
    return shown(made)


async def _demand_rights(wanted: WantedTransfer, caller: Calling) -> None:
    """As far as they can be told beforehand. `Refusal` 403 and 404 as everywhere."""
    source = await _end(wanted.source.bucket, READS, caller, writes=False)
    writes = () if wanted.dry_run else WRITES
    target = await _end(wanted.target.bucket, writes, caller, writes=True)
    if import_of(source) is not None and wanted.source.at is not None:
        raise NotSupported("Only buckets of the server's own remember how they stood at a time.")
    here, there = wanted.source.end.folder, wanted.target.end.folder
    if _is_same(source, target) and (here.startswith(there) or there.startswith(here)):
        raise InvalidArgument("The source and the target are in one another.")


def _is_same(source: Bucket, target: Bucket) -> bool:
    """A bucket of a provider may have been imported twice."""
    here, there = import_of(source), import_of(target)
    if here is None or there is None:
        return source.id == target.id
    return here.place == there.place


async def _end(name: str, actions: Sequence[str], caller: Calling, *, writes: bool) -> Bucket:
    found = await caller.bucket(name, "s3:ListBucket", elsewhere=True)
    if import_of(found) is not None:
        if caller.proved.key.caller.is_under_policies:
            text = "A key with a policy transfers nothing from or to imported buckets."
            raise NotSupported(text)
    elif _goes_by_key(found, caller):
        return found  # it is asked for each object
    for action in actions:
        await caller.bucket(name, action, writes=writes, elsewhere=True)
    return found


def _goes_by_key(bucket: Bucket, caller: Calling) -> bool:
    by_policy = caller.proved.key.caller.is_under_policies
    return by_policy or not {"acl", "policy"}.isdisjoint(bucket.settings)


def _demand_room(caller: Calling) -> None:
    every = caller.site.transfers.folder.every()
    unfinished = (each for each in every if each.claim.user == caller.user and not each.is_over)
    if sum(1 for _ in unfinished) >= UNFINISHED:
        raise Refusal(409, "TooMany", f"{UNFINISHED} transfers of yours have not ended.")


def _claim(caller: Calling) -> Claim:
    key, token = caller.proved.key, caller.proved.token
    if key.parent is None or token is None:
        return Claim(user=caller.user, access_key=key.id, permanent=key.id)
    session = caller.site.sessions.read(key.id, token)
    return Claim(
        user=caller.user,
        access_key=key.id,
        permanent=session.parent,
        expires=session.expires,
        buckets=session.buckets,
        read_only=session.read_only,
        policy=session.policy,
    )


@router.get("", responses=described(Transfer), response_model=None)
async def list_transfers(
    request: Request, caller: Caller, after: After = "", limit: Limit = 100
) -> Response:
    """The caller's transfers, the oldest first; administrators see everybody's."""

    def page(after: str, limit: int) -> list[Transfer]:
        every = caller.site.transfers.folder.every(after)
        return [shown(each) for each in islice(filter(_seen_by(caller), every), limit)]

    async def fetch(after: str, limit: int) -> Sequence[Transfer]:
        return await asyncio.to_thread(page, after, limit)

    return await listed(request, fetch, lambda transfer: transfer.id, after, limit)


@router.get("/{transfer}")
async def get_transfer(transfer: Id, caller: Caller) -> Transfer:
    """How far a transfer is."""
    return shown(await _found(transfer, caller))


@router.delete(
    "/{transfer}",
    status_code=204,
    responses={202: {"model": Transfer, "description": "It had not ended, and is cancelled."}},
)
async def delete_transfer(transfer: Id, caller: Caller) -> Response:
    """Cancel a transfer that has not ended (202; what was copied stays); forget one that has
    (204)."""
    found, folder = await _found(transfer, caller), caller.site.transfers.folder
    if not found.is_over:
        await asyncio.to_thread(folder.ask_to_cancel, transfer)
        await caller.site.transfers.settle(transfer)
        text = shown(await _found(transfer, caller)).model_dump_json()
        return Response(text, 202, media_type="application/json")
    await asyncio.to_thread(folder.forget, transfer)
    return Response(status_code=204)


def _seen_by(caller: Calling) -> Callable[[Record], bool]:
    """A key that was narrowed, or is temporary, knows only of what it started itself: names and
    keys of buckets stand there that it may not reach."""
    key = caller.proved.key
    is_whole = key.parent is None and key.caller.key in (None, KeyScope())

    def sees(found: Record) -> bool:
        if is_whole:
            return caller.is_admin or found.claim.user == caller.user
        return found.claim.access_key == key.id

    return sees


async def _found(id: str, caller: Calling) -> Record:
    """`NotFound` for what is none of the caller's, too."""
    found = await asyncio.to_thread(caller.site.transfers.folder.get, id)
    if not _seen_by(caller)(found):
        raise Refusal(404, "NotFound", f"There is no transfer {id}.")
    return found
