"""The server as a client of itself, which is what makes every rule hold for its transfers."""

from __future__ import annotations

import hashlib
import re
import ssl
from pathlib import Path
from typing import Final

import aiohttp

from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access
from holdall.core.errors import FormatError
from holdall.s3.signing import Credentials
from holdall.server.options import ServerOptions

CONNECTIONS: Final = 32

_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


class Home:
    """The way to the server itself. Made in a running event loop; closed with `aclose`.

    Over TLS it takes the very certificate that the server was started with and no other: no
    authority vouches for `127.0.0.1`. `StoreError`, `FormatError` for a file without one.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=_trusted(options.certfile)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    def backend(self, credentials: Credentials) -> RemoteBackend:
        """The server's buckets as somebody sees them; whoever asked closes it."""
        access = Access(self._options.own_endpoint, credentials, self._options.region)
        return RemoteBackend(access, session=self._session)

    async def aclose(self) -> None:
        await self._session.close()


def _trusted(certfile: Path | None) -> aiohttp.Fingerprint | bool:
    if certfile is None:
        return True
    found = _CERTIFICATE.search(certfile.read_text("ascii", errors="replace"))
    if found is None:
        raise FormatError(f"{certfile} holds no certificate.", path=str(certfile))
    return aiohttp.Fingerprint(hashlib.sha256(ssl.PEM_cert_to_DER_cert(found[0])).digest())
