"""What is asked of the providers of imported buckets: a proof that credentials are good, signed
addresses, temporary credentials that reach one bucket only, and the objects themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import aiohttp

from holdall.backends.protocol import Backend
from holdall.core.errors import NotSupported
from holdall.s3.federation import Wish
from holdall.server.imports import AzureKey, GoogleKey, Held, Import, Place, Vault
from holdall.server.providers.issuer import DEADLINE, Issuer, Unreachable, UrlWish
from holdall.server.providers.s3 import S3Issuer

AT_ONCE: Final = 8
"""Proofs under way: what answers there may be anything, and up to 32 MiB of it are read."""


class Providers:
    """Speaks to them over one pool of connections. The errors are those of `Issuer`;
    `NotSupported`, too, for a provider whose extra is not installed here."""

    def __init__(self, session: aiohttp.ClientSession, vault: Vault) -> None:
        self._session = session
        self._vault = vault
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def verify(self, place: Place, held: Held) -> Import:
        """What may be stored, after the bucket was listed with it."""
        issuer = self._issuer(place, held)
        async with self._turns:
            try:
                async with asyncio.timeout(2 * DEADLINE):
                    await issuer.verify()
            except TimeoutError:
                raise Unreachable from None
        return self._vault.seal(place, held)

    async def sign_url(self, found: Import, wish: UrlWish) -> str:
        return await self._opened(found).sign_url(wish)

    async def temporary_credentials(
        self, found: Import, wish: Wish, now: datetime
    ) -> Mapping[str, str]:
        return await self._opened(found).temporary_credentials(wish, now)

    async def backend(self, found: Import) -> Backend:
        """The way to its objects, with the sealed credentials; whoever asked closes it.
        `Conflict` where the master key is gone that sealed them."""
        return await self._opened(found).backend()

    def _opened(self, found: Import) -> Issuer:
        return self._issuer(found.place, self._vault.open(found))

    def _issuer(self, place: Place, held: Held) -> Issuer:
        # Late: each has requirements of its own, which need not be installed.
        if isinstance(held, AzureKey):
            with _needing("holdall[azure]"):
                from holdall.server.providers.azure import AzureIssuer
            return AzureIssuer(place, held, self._session)
        if isinstance(held, GoogleKey):
            with _needing("holdall[gcs]"):
                from holdall.server.providers.google import GoogleIssuer
            return GoogleIssuer(place, held, self._session)
        return S3Issuer(place, held, self._session)


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        text = f"This server cannot speak to that provider: {extra} is not installed."
        raise NotSupported(text) from None
