"""Users, organisations, access keys and grants: kept here; what they mean is the server's.

A user owns buckets by their name, an organisation as `org:NAME`; so no name holds a colon
(`InvalidArgument`). What does not exist raises `NotFound`, what exists already `Conflict`;
either says in a fact of its own (`user`, `org`, `access_key`, `grantee`) what it speaks of.
Lists are paged: they begin after what `after` names. Times are microseconds since 1970 UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from holdall.catalog.tables import access_keys, buckets, grants, members, orgs, users
from holdall.catalog.tables.access_keys import AccessKeyRow
from holdall.catalog.tables.grants import GrantRow
from holdall.catalog.tables.members import MemberRow
from holdall.catalog.tables.orgs import OrgRow
from holdall.catalog.tables.users import UserRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import Conflict, InvalidArgument, NotFound
from holdall.core.names import check_owner_name
from holdall.engine.checking import check_limit, check_text
from holdall.engine.engine import Engine
from holdall.engine.naming import bucket_ref, find_bucket

T = TypeVar("T")

ROLES = ("owner", "admin", "member", "reader")
LEVELS = ("read", "write", "manage")

# users


async def create_user(
    engine: Engine, name: str, *, display: str = "", is_admin: bool = False
) -> UserRow:
    _check_name(name)
    check_text(display)

    def unit(tx: Transaction) -> UserRow:
        row = UserRow(name, tx.tick().time, display, int(is_admin))
        if not users.insert(tx, row):
            raise Conflict(f"The name {name} is taken.", user=name)
        return row

    return await engine.catalog.write(unit)


async def get_user(engine: Engine, name: str) -> UserRow:
    return await engine.catalog.read(lambda reads: _user(reads, name))


async def list_users(engine: Engine, *, after: str = "", limit: int = 1000) -> list[UserRow]:
    return await _page(engine, limit, lambda reads: users.page(reads, after, limit))


async def update_user(
    engine: Engine, name: str, *, display: str | None = None, is_admin: bool | None = None
) -> UserRow:
    """None leaves what is there."""
    check_text(display or "")

    def unit(tx: Transaction) -> UserRow:
        row = _user(tx, name)
        if display is not None:
            row = row._replace(display=display)
        if is_admin is not None:
            row = row._replace(is_admin=int(is_admin))
        users.update(tx, row)
        return row

    return await engine.catalog.write(unit)


async def delete_user(engine: Engine, name: str) -> None:
    """With their keys, memberships and grants. `Conflict` while they own a bucket."""

    def unit(tx: Transaction) -> None:
        _user(tx, name)
        _refuse_owner(tx, name)
        access_keys.forget_user(tx, name)
        members.forget_user(tx, name)
        grants.forget_grantee(tx, f"user:{name}")
        users.delete(tx, name)

    await engine.catalog.write(unit)


# organisations


async def create_org(engine: Engine, name: str) -> OrgRow:
    _check_name(name)

    def unit(tx: Transaction) -> OrgRow:
        row = OrgRow(name, tx.tick().time)
        if not orgs.insert(tx, row):
            raise Conflict(f"The name {name} is taken.", org=name)
        return row

    return await engine.catalog.write(unit)


async def get_org(engine: Engine, name: str) -> OrgRow:
    return await engine.catalog.read(lambda reads: _org(reads, name))


async def list_orgs(engine: Engine, *, after: str = "", limit: int = 1000) -> list[OrgRow]:
    return await _page(engine, limit, lambda reads: orgs.page(reads, after, limit))


async def delete_org(engine: Engine, name: str) -> None:
    """With its memberships and grants. `Conflict` while it owns a bucket."""

    def unit(tx: Transaction) -> None:
        _org(tx, name)
        _refuse_owner(tx, f"org:{name}")
        members.forget_org(tx, name)
        grants.forget_grantee(tx, f"org:{name}")
        orgs.delete(tx, name)

    await engine.catalog.write(unit)


# members


async def put_member(engine: Engine, org: str, user: str, role: str) -> MemberRow:
    """Make somebody a member, or change their role (owner, admin, member or reader)."""
    _refuse_unknown(role, ROLES)

    def unit(tx: Transaction) -> MemberRow:
        row = MemberRow(_org(tx, org).name, _user(tx, user).name, role)
        members.put(tx, row)
        return row

    return await engine.catalog.write(unit)


async def get_member(engine: Engine, org: str, user: str) -> MemberRow:
    return await engine.catalog.read(
        lambda reads: _there(members.get(reads, org, user), org=org, user=user)
    )


async def list_members(
    engine: Engine, org: str, *, after: str = "", limit: int = 1000
) -> list[MemberRow]:
    def query(reads: Reads) -> list[MemberRow]:
        return members.page(reads, _org(reads, org).name, after, limit)

    return await _page(engine, limit, query)


async def roles_of(engine: Engine, user: str) -> Mapping[str, str]:
    """The organisations somebody belongs to, each with their role."""
    rows = await engine.catalog.read(lambda reads: members.of_user(reads, user))
    return {row.org: row.role for row in rows}


async def delete_member(engine: Engine, org: str, user: str) -> None:
    def unit(tx: Transaction) -> None:
        _there(members.delete(tx, org, user) or None, org=org, user=user)

    await engine.catalog.write(unit)


# access keys


async def create_key(
    engine: Engine,
    id: str,
    secret: bytes,
    user: str,
    *,
    name: str = "",
    expires: int | None = None,
    buckets: Iterable[str] | None = None,
    read_only: bool = False,
    policy: str | None = None,
    session_of: str | None = None,
) -> AccessKeyRow:
    """Keep an access key. `secret` is sealed already: nothing here can read it.

    `NotFound` without such a user, or without the key that a session is made with;
    `Conflict` for an id that is taken, and for a name that the user has for another.
    """
    for text in (id, name, policy or ""):
        check_text(text)
    listed = None if buckets is None else json.dumps(sorted(buckets))

    def unit(tx: Transaction) -> AccessKeyRow:
        _user(tx, user)
        if session_of is not None:
            _key(tx, session_of)
        if name and access_keys.is_named(tx, user, name):
            raise Conflict(f"{user} has an access key named {name} already.", name=name)
        made = tx.tick().time
        row = AccessKeyRow(
            id, secret, user, name, made, expires, None, listed, int(read_only), policy, session_of
        )
        if not access_keys.insert(tx, row):
            raise Conflict(f"There is an access key {id} already.", access_key=id)
        return row

    return await engine.catalog.write(unit)


async def get_key(engine: Engine, id: str) -> AccessKeyRow:
    """Also one that is over: whoever asks looks at `expires`."""
    return await engine.catalog.read(lambda reads: _key(reads, id))


async def list_keys(
    engine: Engine, user: str, *, after: str = "", limit: int = 1000
) -> list[AccessKeyRow]:
    """The permanent keys of a user, by id."""
    return await _page(engine, limit, lambda reads: access_keys.page(reads, user, after, limit))


async def touch_keys(engine: Engine, used: Mapping[str, int]) -> None:
    """Note when keys were last used: many at once, now and then. Unknown ones are no error."""

    def unit(tx: Transaction) -> None:
        for id, time in used.items():
            access_keys.touch(tx, id, time)

    await engine.catalog.write(unit)


async def touch_key(engine: Engine, id: str, time: int) -> None:
    await touch_keys(engine, {id: time})


async def delete_key(engine: Engine, id: str) -> None:
    """With the sessions that were made with it."""
    await engine.catalog.write(lambda tx: _there(access_keys.delete(tx, id) or None, access_key=id))


async def forget_expired_keys(engine: Engine, before: int) -> int:
    """Delete what was over before that time; how many keys."""
    return await engine.catalog.write(lambda tx: access_keys.forget_expired(tx, before))


# grants


async def put_grant(engine: Engine, bucket: str, grantee: str, level: str) -> None:
    """Let `user:NAME` or `org:NAME` read, write or manage a bucket. `NotFound`."""
    _refuse_unknown(level, LEVELS)
    ref = bucket_ref(bucket)

    def unit(tx: Transaction) -> None:
        of = find_bucket(tx, ref, engine.owner)
        _require_grantee(tx, grantee)
        grants.put(tx, GrantRow(of.id, grantee, level))

    await engine.catalog.write(unit)


async def list_grants(
    engine: Engine, bucket: str, *, after: str = "", limit: int = 1000
) -> list[GrantRow]:
    """By grantee."""
    ref = bucket_ref(bucket)

    def query(reads: Reads) -> list[GrantRow]:
        return grants.page(reads, find_bucket(reads, ref, engine.owner).id, after, limit)

    return await _page(engine, limit, query)


async def list_grants_to(
    engine: Engine, grantee: str, *, after: int = 0, limit: int = 1000
) -> list[GrantRow]:
    """What a grantee was given, by the buckets' numbers."""
    return await _page(engine, limit, lambda reads: grants.to(reads, grantee, after, limit))


async def delete_grant(engine: Engine, bucket: str, grantee: str) -> None:
    ref = bucket_ref(bucket)

    def unit(tx: Transaction) -> None:
        of = find_bucket(tx, ref, engine.owner)
        _there(grants.delete(tx, of.id, grantee) or None, bucket=of.shown, grantee=grantee)

    await engine.catalog.write(unit)


def _check_name(name: str) -> None:
    check_owner_name(name)
    if ":" in name:
        raise InvalidArgument(f"{name!r} must not hold a colon.", actual=name)


def _user(reads: Reads, name: str) -> UserRow:
    return _there(users.get(reads, name), user=name)


def _org(reads: Reads, name: str) -> OrgRow:
    return _there(orgs.get(reads, name), org=name)


def _key(reads: Reads, id: str) -> AccessKeyRow:
    return _there(access_keys.get(reads, id), access_key=id)


def _there(found: T | None, **facts: str) -> T:
    if found is None:
        said = ", ".join(f"{fact.replace('_', ' ')} {value}" for fact, value in facts.items())
        raise NotFound(f"There is no such thing: {said}.", **facts)
    return found


def _require_grantee(reads: Reads, grantee: str) -> None:
    kind, _, name = grantee.partition(":")
    _refuse_unknown(kind, ("user", "org"))
    if kind == "user":
        _user(reads, name)
    else:
        _org(reads, name)


def _refuse_owner(reads: Reads, name: str) -> None:
    if buckets.owns_any(reads, name):
        raise Conflict(f"{name} owns buckets.", owner=name)


def _refuse_unknown(word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise InvalidArgument(f"{word!r} is none of {', '.join(known)}.", actual=word)


async def _page(engine: Engine, limit: int, query: Callable[[Reads], list[T]]) -> list[T]:
    check_limit(limit)
    return await engine.catalog.scan(query)
