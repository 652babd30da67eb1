"""As whom Google is asked: the header with an access token, renewed when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.auth import downscoped
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request

from holdall.core.errors import PermissionDenied, StoreError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What credentials have to be made for: those that are to be narrowed to a bucket need no less
("Credential Access Boundaries"); what they may do is said by their roles."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and when it ends."""

    secret: str = field(repr=False)
    expires: datetime


class Access:
    """Credentials of google-auth, or nobody's. They renew themselves in a thread of their own:
    google-auth blocks while it asks for a token. Without credentials `ask` may give an access
    token that is good now."""

    def __init__(
        self,
        credentials: Credentials | None,
        *,
        ask: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self.credentials = credentials
        self._ask = ask
        self._renewing = asyncio.Lock()

    async def headers(self) -> dict[str, str]:
        """`PermissionDenied` when no token is given, `StoreError` when nobody answers."""
        if self._ask is not None:
            return {"authorization": f"Bearer {await self._ask()}"}
        if self.credentials is None:
            return {}
        async with self._renewing:
            if not self.credentials.valid:
                await self._renew(self.credentials)
        headers: dict[str, str] = {}
        self.credentials.apply(headers)  # type: ignore[no-untyped-call]
        return headers

    async def confined(self, boundary: downscoped.CredentialAccessBoundary) -> Token:
        """A token that reaches no further than `boundary`. The same errors."""
        if self.credentials is None:
            raise PermissionDenied("Without credentials there is no access token.")
        narrowed = downscoped.Credentials(self.credentials, boundary)  # type: ignore[no-untyped-call]
        async with self._renewing:  # it renews those that it is made of
            await self._renew(narrowed)
        if narrowed.token is None or narrowed.expiry is None:
            raise PermissionDenied("No access token was given.")
        return Token(narrowed.token, narrowed.expiry.replace(tzinfo=UTC))

    async def _renew(self, credentials: Credentials) -> None:
        try:
            await asyncio.to_thread(credentials.refresh, Request())
        except TransportError as error:
            raise StoreError("The server of access tokens cannot be reached.") from error
        except GoogleAuthError as error:
            raise PermissionDenied("No access token was given.") from error
