"""Temporary credentials. Nothing of them is kept: all there is to know is sealed into the
session token, which only this server can read (STS GetSessionToken, AssumeRole)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from holdall.s3.errors import S3Error
from holdall.server import first_start
from holdall.server.access.callers import KeyScope
from holdall.server.access.policies import parse_session
from holdall.server.keys import Key
from holdall.server.sealing import Broken, Master, Sealer

PREFIX: Final = "ASIA"
"""What the access keys of temporary credentials begin with, as in AWS."""
PURPOSE: Final = "session tokens"
LONGEST_TOKEN: Final = 16 * 1024

_policy = lru_cache(maxsize=256)(parse_session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Temporary credentials. `policy` is the text of a session policy; `buckets` are names,
    None for all that the parent key reaches."""

    access_key: str
    secret_key: str = field(repr=False)
    parent: str
    user: str
    expires: datetime
    buckets: tuple[str, ...] | None = None
    read_only: bool = False
    policy: str | None = None


class Sessions:
    """Makes temporary credentials and recognises them."""

    def __init__(self, master: Master, now: Callable[[], datetime]) -> None:
        self._sealer = Sealer(master, PURPOSE)
        self._now = now

    def make(
        self,
        parent: Key,
        lifetime: timedelta,
        *,
        buckets: tuple[str, ...] | None = None,
        read_only: bool = False,
        policy: str | None = None,
    ) -> tuple[Session, str]:
        """Credentials that reach no further than `parent`, and their token.

        `MalformedPolicy`; `AccessDenied` for a parent that is temporary itself: what would
        outlive it could not be told from it.
        """
        if parent.parent is not None:
            raise S3Error("AccessDenied", "Temporary credentials cannot make others.")
        if policy is not None:
            parse_session(policy.encode())
        session = Session(
            access_key=first_start.new_access_key(PREFIX),
            secret_key=first_start.new_secret_key(),
            parent=parent.id,
            user=parent.caller.user,
            expires=(self._now() + lifetime).replace(microsecond=0),
            buckets=buckets,
            read_only=read_only,
            policy=policy,
        )
        return session, self._token(session)

    def _token(self, session: Session) -> str:
        packed = json.dumps(_packed(session), separators=(",", ":")).encode()
        sealed = self._sealer.seal(packed, session.access_key)
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, access_key: str, token: str) -> Session:
        """The session of a token. `InvalidToken`, `ExpiredToken`."""
        if len(token) > LONGEST_TOKEN:
            raise S3Error("InvalidToken")
        try:
            sealed = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
            found = _unpacked(access_key, self._sealer.unseal(sealed, access_key))
        except (Broken, binascii.Error, UnicodeEncodeError):
            raise S3Error("InvalidToken") from None
        if self._now() >= found.expires:
            raise S3Error("ExpiredToken")
        return found

    def key(self, session: Session, parent: Key) -> Key | None:
        """The key that a session is, while its parent stands; None when that is another's."""
        if parent.caller.user != session.user:
            return None
        scope = _narrowed(parent.caller.key or KeyScope(), session)
        caller = replace(parent.caller, key=scope)
        return Key(session.access_key, session.secret_key, caller, parent=parent.id)


def _narrowed(scope: KeyScope, session: Session) -> KeyScope:
    """The parent's scope and the session's own, both at once."""
    policies = scope.policies
    if session.policy is not None:
        policies += (_policy(session.policy.encode()),)
    buckets = scope.buckets
    if session.buckets is not None:
        own = frozenset(session.buckets)
        buckets = own if buckets is None else buckets & own
    return KeyScope(buckets, scope.read_only or session.read_only, policies)


def _packed(session: Session) -> dict[str, Any]:
    """Short names: the token goes with every request."""
    return {
        "s": session.secret_key,
        "k": session.parent,
        "u": session.user,
        "e": int(session.expires.timestamp()),
        "b": session.buckets,
        "r": session.read_only,
        "p": session.policy,
    }


def _unpacked(access_key: str, packed: bytes) -> Session:
    found = json.loads(packed)
    return Session(
        access_key=access_key,
        secret_key=found["s"],
        parent=found["k"],
        user=found["u"],
        expires=datetime.fromtimestamp(found["e"], UTC),
        buckets=None if found["b"] is None else tuple(found["b"]),
        read_only=found["r"],
        policy=found["p"],
    )
