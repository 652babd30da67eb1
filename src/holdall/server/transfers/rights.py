"""In whose name a transfer goes on, asked anew whenever it does: who was shut out meanwhile
transfers nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from holdall.s3.errors import S3Error
from holdall.s3.signing import Credentials
from holdall.server import buckets
from holdall.server.authorisation import Demand, decide
from holdall.server.facts import facts_of
from holdall.server.imports import READS, WRITES, Import, import_of
from holdall.server.keys import Key
from holdall.server.sessions import Sessions
from holdall.server.state import State
from holdall.server.transfers.values import Claim, Stopped, Wanted

LIFETIME: Final = timedelta(hours=24)
"""Of the credentials of one attempt."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Temporary credentials, the key that they are, and when they end."""

    credentials: Credentials
    key: Key
    until: datetime


@dataclass(frozen=True, slots=True)
class Imports:
    """Which ends of a transfer are imported buckets."""

    source: Import | None
    target: Import | None


class Rights:
    """What a claim is good for now. `Stopped` where it is good for nothing any more."""

    def __init__(self, state: State, sessions: Sessions) -> None:
        self._state = state
        self._sessions = sessions

    async def grant(self, claim: Claim) -> Granted:
        """Credentials that reach exactly as far as those that asked for the transfer."""
        parent = await self._permanent(claim)
        session, token = self._sessions.make(
            parent,
            self._lifetime(claim),
            buckets=claim.buckets,
            read_only=claim.read_only,
            policy=claim.policy,
        )
        key = self._sessions.key(session, parent)
        if key is None:
            raise Stopped("failed", "KeyRevoked")
        made = Credentials(session.access_key, session.secret_key, token)
        return Granted(made, key, session.expires)

    async def _permanent(self, claim: Claim) -> Key:
        try:
            found = await self._state.accounts.find(claim.permanent, None)
        except S3Error as error:
            raise Stopped("failed", error.code) from None
        if found is None or found.caller.user != claim.user:
            raise Stopped("failed", "KeyRevoked")
        return found

    def _lifetime(self, claim: Claim) -> timedelta:
        if claim.expires is None:
            return LIFETIME
        left = claim.expires - self._state.now()
        if left <= timedelta():
            raise Stopped("failed", "ExpiredToken")
        return min(left, LIFETIME)

    async def imports(self, key: Key, wanted: Wanted) -> Imports:
        """What is imported, where the key may do there what the transfer does.

        Of the server's own buckets it is asked by each request.
        """
        writes = () if wanted.dry_run else WRITES
        return Imports(
            await self._import(key, wanted.source.bucket, READS, writes=False),
            await self._import(key, wanted.target.bucket, writes, writes=True),
        )

    async def _import(
        self, key: Key, name: str, actions: Sequence[str], *, writes: bool
    ) -> Import | None:
        try:
            found = await buckets.load(self._state.engine, name, key.caller.user)
        except S3Error:
            return None  # the server will say so itself
        imported = import_of(found)
        if imported is None:
            return None
        facts = facts_of(found)
        demands = [Demand("s3:ListBucket", facts)]
        demands += [Demand(action, facts, writes=writes) for action in actions]
        if not all(decide(key.caller, demand).allowed for demand in demands):
            raise Stopped("failed", "PermissionDenied")
        if key.caller.is_under_policies:
            raise Stopped("failed", "NotSupported")
        return imported
