"""What each kind of provider can be asked about an imported bucket, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import aiohttp
from yarl import URL

from holdall.backends.protocol import Backend
from holdall.payloads.clouds.sessions import beginning
from holdall.s3.federation import Wish

DEADLINE: Final = 30.0
"""Seconds in which a request is answered whole."""


class ProviderRefused(Exception):
    """It said no; `code` is one of its own that are published, None for anything else that it
    may have said."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.code = code


class Unreachable(Exception):
    """It does not answer, or is where this server does not connect to: which of the two is
    nobody's business."""


@dataclass(frozen=True, slots=True)
class UrlWish:
    """An address for one method on one key, good for so many seconds."""

    method: str
    key: str
    expires: int
    version: str | None = None
    download_name: str | None = None


class Issuer(Protocol):
    """One bucket at a provider, in the name of the credentials that it was imported with.

    `ProviderRefused`, `Unreachable`; `NotSupported` for what these credentials cannot make.
    """

    async def verify(self) -> None:
        """Return after the bucket was listed."""

    async def sign_url(self, wish: UrlWish) -> str:
        """Nobody is asked."""

    async def temporary_credentials(self, wish: Wish, now: datetime) -> Mapping[str, str]:
        """Fields, as users are given them, of credentials that reach this bucket only."""

    async def backend(self) -> Backend:
        """The way to its objects, for what the server itself does with them, however long that
        takes. Whoever asked closes it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body`: its beginning, if it is longer than any that could be meant."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


async def signed(backend: Backend, bucket: str, wish: UrlWish) -> str:
    """An address, made by a backend that is closed then."""
    async with aclosing(backend):
        return await backend.sign_url(
            bucket,
            wish.key,
            method=wish.method,
            expires_in=wish.expires,
            download_name=wish.download_name,
        )


async def asked(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Answer:
    """One request, without a second try. `Unreachable`."""
    try:
        async with session.request(
            method,
            url,
            data=body,
            headers={"accept-encoding": "identity", **headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=DEADLINE),
        ) as answer:
            body = await beginning(answer)
            return Answer(answer.status, dict(answer.headers), body)
    except (aiohttp.ClientError, TimeoutError):
        raise Unreachable from None
