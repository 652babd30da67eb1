"""The composition root of the server: from options to everything that is open while it runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientSession

from holdall.backends.engine import EngineBackend
from holdall.core.errors import Busy, Conflict, FormatError
from holdall.engine import accounts, sweep
from holdall.engine.engine import Engine
from holdall.engine.resealing import is_anything_sealed
from holdall.server import first_start, outward, private_files
from holdall.server.accounts import Accounts, Key
from holdall.server.authorisation import Caller
from holdall.server.background import repeated
from holdall.server.data_keys import server_key
from holdall.server.feed import Feed
from holdall.server.first_start import Keys, RootKey
from holdall.server.identities import account_number, canonical_id
from holdall.server.imports import SETTING, Vault
from holdall.server.lifecycle.runner import AWAIT_TURN, LifecycleRunner
from holdall.server.options import ServerOptions
from holdall.server.providers.providers import Providers
from holdall.server.rotation import Rotation
from holdall.server.sessions import Sessions
from holdall.server.state import State, now
from holdall.server.storage import open_backend
from holdall.server.stored_keys import StoredKeys
from holdall.server.transfers.attempt import Attempts
from holdall.server.transfers.folder import Folder
from holdall.server.transfers.home import Home
from holdall.server.transfers.rights import Rights
from holdall.server.transfers.runner import TransferRunner
from holdall.server.webhooks import Webhooks

ANNOUNCEMENT: Final = "server.json"
NOTE_USES: Final = 10.0
LIST_USERS: Final = 1.0
SWEEP: Final = 3600.0
"""Seconds between two of each."""


@dataclass(slots=True)
class ServedState(State):
    """What requests share when they reach a server of ours, which has webhooks."""

    hooks: Webhooks | None = None

    @property
    def webhooks(self) -> frozenset[str]:
        return frozenset() if self.hooks is None else self.hooks.names()


@dataclass(slots=True)
class Opened:
    """A store that is being served. `state` is what requests share, `root` the user of the
    server's own key."""

    options: ServerOptions
    backend: EngineBackend
    state: State
    root: str
    stored: StoredKeys
    sessions: Sessions
    feed: Feed
    webhooks: Webhooks
    rotation: Rotation
    providers: Providers
    transfers: TransferRunner


async def initialise(
    options: ServerOptions, *, user: str, given: tuple[str, str] | None = None
) -> Keys:
    """Make the store, its keys and its administrator where they are not there yet.

    See `first_start.prepare`; `FormatError`, too, where the master key is missing that a
    server of this store had.
    """
    backend = await open_backend(options.directory, options.storage, owner=user)
    try:
        await _demand_master_key(options, backend.engine)
        keys = first_start.prepare(
            options.directory, options.master_key_file, user=user, given=given
        )
        with suppress(Conflict):
            await accounts.create_user(backend.engine, keys.root.user, is_admin=True)
    finally:
        await backend.aclose()
    return keys


async def _demand_master_key(options: ServerOptions, engine: Engine) -> None:
    """A new one in its place would open nothing of what is there."""
    path = options.master_key_file
    if not path.exists() and await is_anything_sealed(engine, SETTING):
        raise FormatError(
            f"{path} is missing, which opens the access keys and the encrypted objects of this"
            " store. Put it back; if it is lost, and they with it, write 64 random hexadecimal"
            " digits there.",
            path=str(path),
        )


def announce(options: ServerOptions, endpoint: str) -> None:
    """Write down beside the store where its server answers, for programs of the same user."""
    facts = {"endpoint": endpoint, "region": options.region}
    private_files.write(options.directory / ANNOUNCEMENT, json.dumps(facts) + "\n")


@asynccontextmanager
async def opened(options: ServerOptions) -> AsyncIterator[Opened]:
    """Everything open, closed again in the end. The store has been initialised."""
    keys = first_start.read(options.directory, options.master_key_file)
    backend = await open_backend(options.directory, options.storage, owner=keys.root.user)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(backend.aclose)
        session = outward.session(private=options.allow_private_endpoints)
        stack.push_async_callback(session.close)
        home = Home(options)
        stack.push_async_callback(home.aclose)
        found = _opened(options, backend, keys, session, home)
        stack.push_async_callback(found.stored.note_uses)
        await found.stored.list_users()
        await stack.enter_async_context(repeated(found.stored.note_uses, NOTE_USES))
        await stack.enter_async_context(repeated(found.stored.list_users, LIST_USERS))
        await stack.enter_async_context(repeated(lambda: _sweep(backend.engine), SWEEP))
        lifecycles = LifecycleRunner(backend.engine, found.state.now)
        await stack.enter_async_context(repeated(lifecycles.run_if_due, AWAIT_TURN))
        yield found


def _opened(
    options: ServerOptions,
    backend: EngineBackend,
    keys: Keys,
    session: ClientSession,
    home: Home,
) -> Opened:
    stored = StoredKeys(backend.engine, keys.master, now)
    sessions = Sessions(keys.master, now)
    webhooks = Webhooks(options.directory, keys.master)
    vault = Vault(keys.master)
    state = ServedState(
        backend.engine,
        Accounts(root_key(keys.root), stored=stored, sessions=sessions),
        region=options.region,
        domains=options.domains,
        allow_sigv2=options.allow_sigv2,
        server_key=server_key(keys.master),
        hooks=webhooks,
    )
    providers = Providers(session, vault)
    attempts = Attempts(home, providers)
    rights = Rights(state, sessions)
    return Opened(
        options,
        backend,
        state,
        keys.root.user,
        stored,
        sessions,
        Feed(backend.engine),
        webhooks,
        Rotation(backend.engine, keys.master, webhooks, vault),
        providers,
        TransferRunner(Folder(options.directory), state, rights, attempts),
    )


def root_key(root: RootKey) -> Key:
    """The key that may do everything."""
    caller = Caller(
        kind="root",
        user=root.user,
        canonical_id=canonical_id(root.user),
        display_name=root.user,
        account=account_number(root.user),
    )
    return Key(root.access_key, root.secret_key, caller)


async def _sweep(engine: Engine) -> None:
    """Clear up after writers that died. Another process may be at it."""
    with suppress(Busy):
        await sweep.sweep(engine)
