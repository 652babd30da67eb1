"""Where the command keeps its journal of transfers: in the user's folder of state."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from holdall.client.client import Client
from holdall.client.scheduling import Limits
from holdall.transfer.transfers import Transfers

VARIABLE: Final = "XDG_STATE_HOME"  # XDG Base Directory Specification 0.8


def transfers_of(client: Client, store: str, *, limits: Limits | None = None) -> Transfers:
    """What this user transfers to and from a store: each store has a journal of its own."""
    return Transfers(client, journal_of(store), limits=limits)


def journal_of(store: str) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(store))).hexdigest()[:16]
    return _home() / "holdall" / "transfers" / name


def _home() -> Path:
    given = os.environ.get(VARIABLE, "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"
