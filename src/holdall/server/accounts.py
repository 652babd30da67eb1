"""Access keys, and whose they are: the server's own, those in the catalog, temporary ones."""

from __future__ import annotations

from holdall.s3.errors import S3Error
from holdall.server.access.acls import User
from holdall.server.access.grantees import Directory
from holdall.server.keys import Key
from holdall.server.sessions import Sessions
from holdall.server.stored_keys import StoredKeys

__all__ = ["Accounts", "Key"]


class Accounts:
    """The keys that the server knows. Those it is given are good for ever."""

    def __init__(
        self, *keys: Key, stored: StoredKeys | None = None, sessions: Sessions | None = None
    ) -> None:
        self._keys = {key.id: key for key in keys}
        self._stored = stored
        self._sessions = sessions

    @property
    def directory(self) -> Directory:
        """Those whom access lists may name; users made by another process are in it within a
        second or so."""
        users = {key.caller.canonical_id: _user(key) for key in self._keys.values()}
        if self._stored is not None:
            users |= self._stored.users
        return Directory(users.get, lambda email: None)

    async def find(self, id: str, session_token: str | None) -> Key | None:
        """A key that is good now; None where there is none of that id.

        `ExpiredToken` for one that is over, `InvalidToken` for a token that is not the key's.
        """
        if session_token is None:
            return await self._permanent(id)
        if self._sessions is None:
            raise S3Error("InvalidToken")
        session = self._sessions.read(id, session_token)
        parent = await self._permanent(session.parent)
        return parent and self._sessions.key(session, parent)

    async def _permanent(self, id: str) -> Key | None:
        found = self._keys.get(id)
        if found is None and self._stored is not None:
            return await self._stored.find(id)
        return found


def _user(key: Key) -> User:
    return User(key.caller.canonical_id, key.caller.user)
