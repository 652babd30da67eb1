"""What is asked of the providers of imported buckets: a proof that credentials are good, signed
addresses, and temporary credentials that reach one bucket only."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import aiohttp

from holdall.core.errors import HoldallError
from holdall.s3 import federation
from holdall.s3.client import Patience, Retries, S3Client
from holdall.s3.client.request import Query
from holdall.s3.errors import CODES
from holdall.s3.federation import Granted, Wish
from holdall.s3.signing import Credentials
from holdall.server.imports import Import, Place, Vault

AWS: Final = "https://s3.{}.amazonaws.com"
PATIENCE: Final = Patience(connect=5.0, idle=15.0, deadline=30.0)
RETRIES: Final = Retries(attempts=2)
AT_ONCE: Final = 8
"""Proofs under way: what answers there may be anything, and up to 32 MiB of it are read."""


class ProviderRefused(Exception):
    """It said no; `code` is one of S3's, None for anything else that it may have said."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.code = code


class Unreachable(Exception):
    """It does not answer, or is where this server does not connect to: which of the two is
    nobody's business."""


class Providers:
    """Speaks to them over one pool of connections."""

    def __init__(self, session: aiohttp.ClientSession, vault: Vault) -> None:
        self._session = session
        self._vault = vault
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def verify(self, place: Place, credentials: Credentials) -> Import:
        """What may be stored, after the bucket was looked at and listed with it.

        `ProviderRefused`, `Unreachable`.
        """
        async with self._turns, self._client(place, credentials) as client:
            try:
                await client.head_bucket(place.bucket)
                await client.list(place.bucket, limit=1)
            except HoldallError as error:
                raise _told(error) from None  # its message may quote what answered there
        return self._vault.seal(place, credentials)

    def sign_url(self, found: Import, method: str, key: str, query: Query, expires: int) -> str:
        client = self._client(found.place, self._vault.open(found))
        return client.sign_url(method, found.place.bucket, key, expires=expires, query=query)

    async def temporary_credentials(self, found: Import, wish: Wish, now: datetime) -> Granted:
        """`NotSupported` where the provider makes none that reach this bucket only;
        `ProviderRefused`, `Unreachable`."""
        credentials = self._vault.open(found)
        request = federation.request(found.place, credentials, wish, now)
        try:
            async with self._session.post(
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=PATIENCE.deadline),
            ) as answer:
                body = await _short(answer)
        except (aiohttp.ClientError, TimeoutError):
            raise Unreachable from None
        granted = federation.granted(body) if answer.status == 200 else None
        if granted is None:
            raise ProviderRefused(None)
        return granted

    def _client(self, place: Place, credentials: Credentials) -> S3Client:
        """Needs not be closed: the connections are the pool's."""
        return S3Client(
            place.endpoint or AWS.format(place.region),
            credentials,
            region=place.region,
            path_style=place.endpoint is not None,
            session=self._session,
            retries=RETRIES,
            patience=PATIENCE,
        )


async def _short(answer: aiohttp.ClientResponse) -> bytes:
    """The body, or its beginning if it is longer than any that could be meant."""
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > federation.LONGEST:
            break
    return bytes(found)


def _told(error: HoldallError) -> Exception:
    code = error.facts.get("code")
    status = error.facts.get("status")
    if status is None:
        return Unreachable()
    return ProviderRefused(str(code) if code in CODES else None)
