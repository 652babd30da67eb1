"""Where the command keeps its journal of transfers: in the user's folder of state."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from holdall.cli.clusters import config_path
from holdall.cli.options import DEFAULT_STORE
from holdall.client import config
from holdall.client.client import Client
from holdall.client.scheduling import Limits
from holdall.transfer.transfers import Transfers

VARIABLE: Final = "XDG_STATE_HOME"  # XDG Base Directory Specification 0.8


def transfers_of(client: Client, store: str, *, limits: Limits | None = None) -> Transfers:
    """What this user transfers to and from a store: each store has a journal of its own."""
    return Transfers(client, journal_of(store), limits=limits)


def journal_of(store: str) -> Path:
    name = hashlib.sha256(os.fsencode(_identity(store))).hexdigest()[:16]
    return _home() / "holdall" / "transfers" / name


def _identity(store: str) -> str:
    """The same wherever the command is run."""
    current = config.load(config_path()).current
    if store == DEFAULT_STORE and current is not None:
        return f"cluster {current}"
    return store if "://" in store else os.path.realpath(store)


def _home() -> Path:
    given = os.environ.get(VARIABLE, "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"
