"""A PostgreSQL server of one's own in a temporary folder, for tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

REQUIRED = "HOLDALL_REQUIRE_SERVERS"
"""The environment variable that, at 1, turns the skip for a missing server into a failure."""

_DEBIAN = Path("/usr/lib/postgresql")
_TEMPORARY = Path("/tmp")  # a socket's path may have some hundred bytes, so no deep folder
# Nothing here outlives the server, so nothing of it has to survive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class NoPostgres(Exception):
    """There is no PostgreSQL server program on this machine."""


def programs() -> Path:
    """The folder of `initdb` and `pg_ctl`: the newest that Debian installed, else on PATH."""
    installed = [found.parent for found in _DEBIAN.glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise NoPostgres("PostgreSQL is not installed: no initdb was found.")
    return Path(found).parent


@dataclass(frozen=True, slots=True)
class _User:
    """Who runs the server: it refuses to be run by root."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> _User:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise NoPostgres("Root may not run PostgreSQL, and there is nobody else to.")


class PostgresServer:
    """A server that listens on a socket in its own folder, and on no port.

    Everybody who may enter the folder is its superuser `holdall`. `NoPostgres` where the
    programs are missing.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self._user = _User.unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="holdall-pg-", dir=_TEMPORARY))
        self._folder.chmod(0o711)  # the tests may run as somebody else than the server
        os.chown(self._folder, self._user.uid, self._user.gid)

    @property
    def dsn(self) -> str:
        return f"host={self._folder} user=holdall dbname=postgres"

    def start(self) -> None:
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        options = f"{settings} -c unix_socket_directories='{self._folder}'"
        self._pg_ctl("start", "-l", str(self._folder / "log"), "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """`mode` is pg_ctl's: `immediate` ends the server as a crash would."""
        self._pg_ctl("stop", "-m", mode)

    def _pg_ctl(self, verb: str, *arguments: str) -> None:
        self._run("pg_ctl", verb, "-w", "-s", "-D", str(self._data), *arguments)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        demoted = os.geteuid() == 0
        # Not captured: the server would inherit the pipe and nobody would see its end.
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(
                [str(self._programs / program), *arguments],
                cwd=self._folder,
                user=self._user.uid if demoted else None,
                group=self._user.gid if demoted else None,
                extra_groups=[] if demoted else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read()}")

    def __enter__(self) -> Self:
        arguments = ("--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust")
        try:
            self._run("initdb", "-D", str(self._data), "--username=holdall", *arguments)
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if (self._data / "postmaster.pid").exists():
                self.stop()
        finally:
            self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _server_or_skip() -> PostgresServer:
    try:
        return PostgresServer()
    except NoPostgres as missing:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{missing} {REQUIRED}=1 says that it must be.")
        pytest.skip(str(missing))


_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run."""
    with _server_or_skip() as server:
        yield server


@pytest.fixture
def postgres_schema() -> str:
    """The name of a schema that does not exist yet."""
    return f"holdall_{next(_NUMBERS)}"
