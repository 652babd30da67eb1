"""The access keys that the catalog holds, each read anew for each request: what is revoked or
narrowed by any process counts at once."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, cast

from holdall.catalog.tables import access_keys, members, users
from holdall.catalog.tables.access_keys import AccessKeyRow
from holdall.catalog.tables.members import MemberRow
from holdall.catalog.tables.users import UserRow
from holdall.catalog.transaction import Reads
from holdall.engine import accounts
from holdall.engine.engine import Engine
from holdall.s3.errors import S3Error
from holdall.server.access.acls import User
from holdall.server.access.callers import Caller, KeyScope, Role
from holdall.server.access.policies import parse_session
from holdall.server.identities import account_number, canonical_id
from holdall.server.keys import Key
from holdall.server.sealing import Master, Sealer

PURPOSE: Final = "access keys"
REMEMBERED: Final = 4096


class Facts(NamedTuple):
    """All that decides what a key is; `last_used`, which does not, is None."""

    key: AccessKeyRow
    user: UserRow
    members: tuple[MemberRow, ...]


class StoredKeys:
    """Keeps secrets sealed, and in the memory of this process what was unsealed."""

    def __init__(self, engine: Engine, master: Master, now: Callable[[], datetime]) -> None:
        self.users: Mapping[str, User] = {}
        self._engine = engine
        self._sealer = Sealer(master, PURPOSE)
        self._now = now
        self._known = OrderedDict[str, tuple[Facts, Key]]()
        self._used: dict[str, int] = {}

    async def find(self, id: str) -> Key | None:
        """A key that is good now. `ExpiredToken` for one that is over."""
        facts = await self._engine.catalog.read(partial(_facts, id=id))
        if facts is None:
            self._known.pop(id, None)
            return None
        now = int(self._now().timestamp() * 1_000_000)
        if facts.key.expires is not None and now >= facts.key.expires:
            raise S3Error("ExpiredToken")
        self._used[id] = now
        return self._key(facts)

    def _key(self, facts: Facts) -> Key:
        known = self._known.get(facts.key.id)
        if known is not None and known[0] == facts:
            return known[1]
        secret = self._sealer.unseal(facts.key.secret, facts.key.id).decode()
        key = Key(facts.key.id, secret, caller_of(facts))
        self._known[facts.key.id] = facts, key
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return key

    async def caller(self, user: UserRow) -> Caller:
        """A user as a caller whose key is not narrowed."""
        rows = await self._engine.catalog.read(lambda reads: members.of_user(reads, user.name))
        return _caller(user, rows)

    def seal(self, id: str, secret: str) -> bytes:
        """The secret as it is to be stored with the key of this id."""
        return self._sealer.seal(secret.encode(), id)

    async def note_uses(self) -> None:
        """Write down when which keys were last used."""
        used, self._used = self._used, {}
        if used:
            await accounts.touch_keys(self._engine, used)

    async def list_users(self) -> None:
        """Learn who there is, by canonical id."""
        found = dict[str, User]()
        after = ""
        while page := await accounts.list_users(self._engine, after=after):
            found |= {canonical_id(row.name): _shown(row) for row in page}
            after = page[-1].name
        self.users = found


def _facts(reads: Reads, id: str) -> Facts | None:
    key = access_keys.get(reads, id)
    user = key and users.get(reads, key.user)
    if key is None or user is None:
        return None
    return Facts(key._replace(last_used=None), user, tuple(members.of_user(reads, user.name)))


def caller_of(facts: Facts) -> Caller:
    """Whom requests signed with a key come from."""
    return replace(_caller(facts.user, facts.members), key=_scope(facts.key))


def _caller(user: UserRow, rows: Iterable[MemberRow]) -> Caller:
    return Caller(
        kind="root" if user.is_admin else "user",
        user=user.name,
        canonical_id=canonical_id(user.name),
        display_name=user.display or user.name,
        account=account_number(user.name),
        orgs={row.org: cast(Role, row.role) for row in rows},  # checked when they were stored
    )


def _scope(key: AccessKeyRow) -> KeyScope | None:
    if key.buckets is None and not key.read_only and key.policy is None:
        return None
    return KeyScope(
        None if key.buckets is None else frozenset(json.loads(key.buckets)),
        bool(key.read_only),
        () if key.policy is None else (parse_session(key.policy.encode()),),
    )


def _shown(row: UserRow) -> User:
    return User(canonical_id(row.name), row.display or row.name)
