"""The S3 app without a network: signed requests go in, answers come out."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from holdall.backends.engine import EngineBackend
from holdall.engine import accounts
from holdall.s3.signing import Credentials, sign_headers
from holdall.server.accounts import Accounts, Key
from holdall.server.app import S3App
from holdall.server.authorisation import Caller
from holdall.server.data_keys import server_key
from holdall.server.identities import account_number, canonical_id
from holdall.server.sealing import KEY_BYTES
from holdall.server.sessions import Sessions
from holdall.server.state import State, now
from holdall.server.stored_keys import StoredKeys

HOST = "s3.test"
_CODE = re.compile(rb"<Code>([^<]*)</Code>")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def codes(self) -> list[str]:
        """Of the error, or of each that a DeleteObjects tells of."""
        return [code.decode() for code in _CODE.findall(self.body)]

    @property
    def code(self) -> str | None:
        return self.codes[0] if self.codes else None

    def header(self, name: str) -> str | None:
        found = (value for key, value in self.headers if key == name.encode())
        return next((value.decode("latin-1") for value in found), None)


@dataclass
class Wire:
    """An app over a store, and the keys of its users. `root` administers it."""

    path: Path
    app: S3App
    backend: EngineBackend
    stored: StoredKeys
    sessions: Sessions
    root: Credentials
    keys: dict[str, Credentials] = field(default_factory=dict)

    async def send(
        self,
        credentials: Credentials | None,
        method: str,
        path: str,
        query: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """`path` and `query` as they go over the wire. Without credentials: anonymously."""
        kept = {"host": HOST, **(headers or {})}
        if method in ("PUT", "POST") or body:
            kept.setdefault("content-length", str(len(body)))
        if credentials is not None:
            kept |= signed(credentials, method, path, query, kept, body)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.items()]
        return await self.raw(method, path.encode(), query.encode(), raw, [body])

    async def raw(
        self,
        method: str,
        path: bytes,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        body: list[bytes],
        *,
        whole: bool = True,
    ) -> Answer:
        """One request as it stands; without `whole` the client goes before its end."""
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "scheme": "http",
            "client": ("127.0.0.1", 50000),
        }
        pieces, sent = list(body), list[Any]()

        async def receive() -> Any:
            if pieces:
                data = pieces.pop(0)
                return {
                    "type": "http.request",
                    "body": data,
                    "more_body": bool(pieces) or not whole,
                }
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.wait_for(self.app(scope, receive, send), 60)
        start, *chunks = sent
        content = b"".join(chunk["body"] for chunk in chunks)
        return Answer(start["status"], start["headers"], content)

    async def make_user(self, name: str) -> Credentials:
        await accounts.create_user(self.backend.engine, name)
        found = await self.make_key(name)
        await self.stored.list_users()
        self.keys[name] = found
        return found

    async def make_key(self, user: str, **scope: Any) -> Credentials:
        """A permanent key of a user, as far as `scope` lets it reach."""
        id, secret = f"AK{secrets.token_hex(8).upper()}", secrets.token_hex(20)
        sealed = self.stored.seal(id, secret)
        await accounts.create_key(self.backend.engine, id, sealed, user, **scope)
        return Credentials(id, secret)


def signed(
    credentials: Credentials,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    time: datetime | None = None,
) -> dict[str, str]:
    digest = headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    return sign_headers(
        credentials, method, path, query, headers, digest, "us-east-1", "s3", time or now()
    )


@asynccontextmanager
async def wired(path: Path, **options: Any) -> AsyncIterator[Wire]:
    """A server's app over a new store, whose keys are kept as a server keeps them."""
    backend = await EngineBackend.at(path, owner="root", fsync=False)
    master = secrets.token_bytes(KEY_BYTES)
    root = Credentials("AKROOTROOTROOTROOT", secrets.token_hex(20))
    caller = Caller(
        kind="root",
        user="root",
        canonical_id=canonical_id("root"),
        display_name="root",
        account=account_number("root"),
    )
    stored, sessions = StoredKeys(backend.engine, master, now), Sessions(master, now)
    key = Key(root.access_key, root.secret_key, caller)
    accounts = Accounts(key, stored=stored, sessions=sessions)
    state = State(backend.engine, accounts, server_key=server_key(master), **options)
    try:
        yield Wire(path, S3App(state), backend, stored, sessions, root)
    finally:
        await backend.aclose()
