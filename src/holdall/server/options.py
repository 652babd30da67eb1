"""How a server is to run: one value, which crosses to the processes that do the work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from holdall.core.errors import InvalidArgument
from holdall.core.secret_files import MASTER_KEY
from holdall.server.logs import Style
from holdall.server.storage import Storage

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9000
DEFAULT_REGION = "us-east-1"
LOCAL = Storage()
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """`public_url` is the address that others reach the server by, where it is not that it
    listens at; `domains` are those below which a host names a bucket. `trusted_proxies` are
    addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. `grace` is the
    time in seconds that requests in flight have when the server stops.
    `allow_private_endpoints`: providers of imported buckets may be in private networks, and on
    the machine itself. `master_key` is the file of the keys that seal, where it is not beside
    the store."""

    directory: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    workers: int = 1
    certfile: Path | None = None
    keyfile: Path | None = None
    master_key: Path | None = None
    public_url: str | None = None
    domains: tuple[str, ...] = ()
    region: str = DEFAULT_REGION
    allow_sigv2: bool = False
    allow_private_endpoints: bool = False
    trusted_proxies: tuple[str, ...] = ()
    storage: Storage = LOCAL
    log: Style = "plain"
    grace: int = 30

    def __post_init__(self) -> None:
        """`InvalidArgument` for what cannot work."""
        if not 0 <= self.port <= 65535:
            raise InvalidArgument(f"{self.port} is no port", actual=self.port)
        if self.workers < 1:
            raise InvalidArgument("a server has at least one worker", actual=self.workers)
        if (self.certfile is None) != (self.keyfile is None):
            raise InvalidArgument("a certificate and its key are given together")
        if self.public_url is not None:
            _check_url(self.public_url)

    @property
    def master_key_file(self) -> Path:
        return self.master_key or self.directory / MASTER_KEY

    def endpoint(self, port: int) -> str:
        """The address to tell people, when the server listens at `port`."""
        return self._reached_at(port) if self.public_url is None else self.public_url.rstrip("/")

    @property
    def own_endpoint(self) -> str:
        """Where the server itself reaches it, past any proxy. `port` is the one that it listens
        at by then."""
        return self._reached_at(self.port)

    def _reached_at(self, port: int) -> str:
        scheme = "https" if self.certfile else "http"
        host = _REACHED_AT.get(self.host, self.host)
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _check_url(url: str) -> None:
    """Signatures cover the whole path: an address with a path of its own cannot be signed."""
    try:
        found = urlsplit(url)
        is_good = found.scheme in ("http", "https") and found.hostname and not found.username
    except ValueError:  # an IPv6 address that is none
        is_good = False
    if not is_good:
        raise InvalidArgument(f"{url!r} is no address such as https://files.example.com")
    if found.path not in ("", "/") or found.query or found.fragment:
        raise InvalidArgument(f"{url!r} must end after the host and the port")
