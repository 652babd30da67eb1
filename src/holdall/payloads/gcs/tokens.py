"""Access tokens that are asked for over a session of aiohttp.

Whose session makes the connections decides where they may go: the key of a service account says
by itself where its tokens are asked for, and google-auth connects to wherever that is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

import aiohttp
from google.auth import jwt
from google.auth.downscoped import CredentialAccessBoundary
from google.oauth2.service_account import Credentials

from holdall.core.errors import PermissionDenied, StoreError
from holdall.payloads.clouds.sessions import beginning
from holdall.payloads.gcs.access import SCOPE, Access, Token
from holdall.payloads.gcs.key_files import credentials_from

NARROWING: Final = "https://sts.googleapis.com/v1/token"
TIMEOUT: Final = aiohttp.ClientTimeout(total=15)

_AUDIENCE: Final = "https://oauth2.googleapis.com/token"
_HOUR: Final = timedelta(hours=1)
_AHEAD: Final = timedelta(minutes=4)
"""So long before a token ends another one is asked for."""
_NO_TOKEN: Final = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading an answer raises that is none of Google's."""

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"


class SessionAccess(Access):
    """As a service account, or with an access token that somebody else got and nobody renews.

    The session stays its maker's to close. No redirect is followed. The errors of `Access`.
    """

    def __init__(
        self, session: aiohttp.ClientSession, source: Credentials | str, token_uri: str = ""
    ) -> None:
        super().__init__(None if isinstance(source, str) else source)
        self._session = session
        self._source = source
        self._token_uri = token_uri
        self._token: Token | None = None

    @classmethod
    async def of_key(cls, session: aiohttp.ClientSession, key: str) -> Self:
        """As the service account of a key (JSON). `InvalidArgument`."""
        credentials = await asyncio.to_thread(credentials_from, key)
        return cls(session, credentials, str(json.loads(key)["token_uri"]))

    async def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {await self._wide()}"}

    async def confined(self, boundary: CredentialAccessBoundary) -> Token:
        wide = await self._wide()
        form = {
            "grant_type": _EXCHANGE,
            "subject_token_type": _TOKEN,
            "requested_token_type": _TOKEN,
            "subject_token": wide,
            "options": quote(json.dumps(boundary.to_json())),  # type: ignore[no-untyped-call]
        }
        # Where nothing is said of its end it ends with the token that it was made of.
        until = None if self._token is None else self._token.expires
        return await self._asked(NARROWING, form, until)

    async def _wide(self) -> str:
        if isinstance(self._source, str):
            return self._source
        async with self._renewing:
            if self._token is None or self._token.expires - datetime.now(UTC) < _AHEAD:
                self._token = await self._given(self._source)
            return self._token.secret

    async def _given(self, account: Credentials) -> Token:
        """As "Using OAuth 2.0 for Server to Server Applications"."""
        now = datetime.now(UTC)
        claims = {
            "iss": account.service_account_email,
            "scope": SCOPE,
            "aud": _AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + _HOUR).timestamp()),
        }
        signed: bytes = jwt.encode(account.signer, claims)  # type: ignore[no-untyped-call]
        form = {"grant_type": _GRANT, "assertion": signed.decode()}
        return await self._asked(self._token_uri, form)

    async def _asked(
        self, url: str, form: Mapping[str, str], until: datetime | None = None
    ) -> Token:
        try:
            async with self._session.post(
                url,
                data=urlencode(form).encode(),
                headers={
                    "accept-encoding": "identity",
                    "content-type": "application/x-www-form-urlencoded",
                },
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as answer:
                status, body = answer.status, await beginning(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise StoreError("The server of access tokens cannot be reached.") from error
        if 400 <= status < 500:
            raise PermissionDenied("No access token was given.")
        return _read(status, body, until)


def _read(status: int, body: bytes, until: datetime | None) -> Token:
    """`StoreError` for what is no token, and could be no header."""
    try:
        found: Any = json.loads(body)
        secret = found["access_token"]
        if until is None or "expires_in" in found:
            until = datetime.now(UTC) + timedelta(seconds=int(found["expires_in"]))
        if status == 200 and secret.isascii() and secret.isprintable():
            return Token(secret, until)
    except _NO_TOKEN as error:
        raise StoreError("The answer of the server of access tokens is none.") from error
    raise StoreError("The answer of the server of access tokens is none.")
