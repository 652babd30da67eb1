"""Azurite, Microsoft's emulator of Azure Blob Storage, as a server of one's own for tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from holdall.payloads.azure import Account
from holdall.testing.loopback import HOST, LoopbackServer, Missing, free_ports, made_or_skip

FOLDER: Final = "HOLDALL_AZURITE"
"""Names the folder in which `npm install azurite` was run; else it is sought on PATH."""

_KEY: Final = (  # public: it is the same in every Azurite
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_NAME: Final = "devstoreaccount1"


class AzuriteServer(LoopbackServer):
    """Keeps everything in memory. `Missing` where it is not installed."""

    def __init__(self) -> None:
        self._program = _program()
        (self._port,) = free_ports(1)
        super().__init__("azurite")

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._port}/{_NAME}"

    @property
    def account(self) -> Account:
        return Account(self.endpoint_url, _NAME, _KEY)

    def command(self, folder: Path) -> Sequence[str]:
        return (
            *(self._program, "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"),
            *("--disableTelemetry", "--blobHost", HOST, "--blobPort", str(self._port)),
        )


def _program() -> str:
    folder = os.environ.get(FOLDER)
    path = None if folder is None else str(Path(folder) / "node_modules" / ".bin")
    found = shutil.which("azurite-blob", path=path)
    if found is None:
        raise Missing(f"azurite-blob is not installed (npm install azurite; {FOLDER}).")
    return found


@pytest.fixture(scope="session")
def azurite_server() -> Iterator[AzuriteServer]:
    """One server for the whole run."""
    with made_or_skip(AzuriteServer) as server:
        yield server
