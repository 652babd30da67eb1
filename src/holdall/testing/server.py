"""Holdall's own server for tests: real HTTP on a free loopback port, in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from holdall.backends.engine import EngineBackend
from holdall.core.values import Problem
from holdall.engine.check import check
from holdall.server.accounts import Accounts, Key
from holdall.server.app import S3App
from holdall.server.authorisation import Caller
from holdall.server.data_keys import server_key
from holdall.server.identities import account_number, canonical_id
from holdall.server.protocol import HttpProtocol
from holdall.server.state import State


@dataclass(frozen=True, slots=True)
class Account:
    """Who may call, and what they sign with. `canonical_id` is what S3 knows them by."""

    user: str
    access_key: str
    secret_key: str
    canonical_id: str


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `endpoint`. `state` may be changed between requests."""

    endpoint: str
    state: State
    root: Account
    alice: Account
    bob: Account
    loop: asyncio.AbstractEventLoop

    def problems(self) -> list[Problem]:
        """What `check` finds in the store, while the server runs."""
        return asyncio.run_coroutine_threadsafe(check(self.state.engine), self.loop).result(60)


def account(user: str) -> Account:
    return Account(user, f"AK{user.upper():A<18}", f"secret-of-{user}", canonical_id(user))


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate and of its key, by which a server speaks https."""

    certificate: Path
    key: Path


_Started = tuple[uvicorn.Server, State, int, asyncio.AbstractEventLoop]


@contextmanager
def serving(path: Path, tls: Tls | None = None) -> Iterator[Running]:
    """Serve the store in a directory until the block is left."""
    root, alice, bob = (account(name) for name in ("root", "alice", "bob"))
    ready, box = threading.Event(), list[_Started]()
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(path, (root, alice, bob), tls, ready, box))
    )
    thread.start()
    try:
        if not ready.wait(20) or not box:
            raise RuntimeError("the server did not start")
        server, state, port, loop = box[0]
        scheme = "https" if tls else "http"
        yield Running(f"{scheme}://127.0.0.1:{port}", state, root, alice, bob, loop)
        server.should_exit = True
    finally:
        if box:
            box[0][0].should_exit = True
        thread.join(20)


async def _serve(
    path: Path,
    accounts: tuple[Account, ...],
    tls: Tls | None,
    ready: threading.Event,
    box: list[_Started],
) -> None:
    backend = await EngineBackend.at(path, owner="root")
    try:
        state = State(
            backend.engine,
            Accounts(*(_key(each) for each in accounts)),
            server_key=server_key(bytes(range(32))),
        )
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(_config(S3App(state), tls))
        loop = asyncio.get_running_loop()
        box.append((server, state, listener.getsockname()[1], loop))
        loop.call_later(0.05, ready.set)
        await server.serve(sockets=[listener])
    finally:
        ready.set()
        await backend.aclose()


def _key(account: Account) -> Key:
    caller = Caller(
        kind="root" if account.user == "root" else "user",
        user=account.user,
        canonical_id=account.canonical_id,
        display_name=account.user,
        account=account_number(account.user),
    )
    return Key(account.access_key, account.secret_key, caller)


def _config(app: S3App, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpProtocol,
        log_level="warning",
        lifespan="off",
        date_header=False,
        server_header=False,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
