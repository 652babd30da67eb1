"""moto's S3, which keeps everything in memory, as a server of one's own for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdall.s3.signing import Credentials
from holdall.testing.loopback import HOST, LoopbackServer, free_ports, made_or_skip, program


class MotoServer(LoopbackServer):
    """Takes any credentials. `Missing` where it is not installed."""

    credentials = Credentials("moto", "any secret will do")

    def __init__(self) -> None:
        self._program = program("moto_server", "moto[server,s3]")
        (self._port,) = free_ports(1)
        super().__init__("moto")

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def command(self, folder: Path) -> Sequence[str]:
        return self._program, "-H", HOST, "-p", str(self._port)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[MotoServer]:
    """One server for the whole run."""
    with made_or_skip(MotoServer) as server:
        yield server
