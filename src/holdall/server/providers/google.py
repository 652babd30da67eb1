"""An imported bucket of Google Cloud Storage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import aiohttp
from yarl import URL

from holdall.backends.gcs import granting
from holdall.backends.gcs.naming import check_name
from holdall.backends.remote.elsewhere_google import GoogleElsewhere
from holdall.core.errors import NotSupported, PermissionDenied, StoreError
from holdall.payloads.gcs.client import ENDPOINT, GcsClient
from holdall.payloads.gcs.tokens import SessionAccess
from holdall.s3.federation import Wish
from holdall.server.imports import GoogleKey, Place
from holdall.server.providers.issuer import (
    ProviderRefused,
    Unreachable,
    UrlWish,
    asked,
    signed,
)

_REASONS: Final = frozenset(
    {"authError", "forbidden", "notFound", "required", "userProjectMissing"}
)
""""HTTP status and error codes for JSON"."""


class GoogleIssuer:
    """Meets `Issuer`."""

    def __init__(self, place: Place, held: GoogleKey, session: aiohttp.ClientSession) -> None:
        self._place = place
        self._held = held
        self._session = session
        self._endpoint = place.endpoint or ENDPOINT

    async def verify(self) -> None:
        """`InvalidArgument` for a key that is none; `InvalidBucketName` for a bucket that the
        backend of Google does not take."""
        bucket = self._place.bucket
        check_name(bucket)
        url = f"{self._endpoint}/storage/v1/b/{bucket}/o?maxResults=1"
        access = await self._access()
        with _told():
            headers = await access.headers()
        answer = await asked(self._session, "GET", URL(url, encoded=True), headers)
        if answer.status != 200 or _said(answer.body).get("kind") != "storage#objects":
            raise ProviderRefused(_reason(answer.body))

    async def sign_url(self, wish: UrlWish) -> str:
        if wish.version is not None:
            raise NotSupported("Addresses of versions are not made at Google.")
        if self._held.service_account is None:
            raise NotSupported(
                "An access token signs no addresses. Import the bucket with the key of a service"
                " account."
            )
        return await signed(await self.backend(), self._place.bucket, wish)

    async def temporary_credentials(self, wish: Wish, now: datetime) -> Mapping[str, str]:
        """Google decides how long they are good."""
        async with await self._client() as client:
            with _told():
                made = await granting.fields(client, self._place.bucket, writes=wish.writes)
        given = self._place.endpoint
        return made if given is None else {**made, "endpoint_url": given}

    async def backend(self) -> GoogleElsewhere:
        return GoogleElsewhere(await self._client(), self._place.bucket)

    async def _client(self) -> GcsClient:
        return GcsClient(
            None,
            self._held.project,
            endpoint=self._endpoint,
            access=await self._access(),
            connector=self._session.connector,
        )

    async def _access(self) -> SessionAccess:
        """Tokens are asked for over the session, wherever the key says that they are given."""
        if self._held.service_account is None:
            return SessionAccess(self._session, str(self._held.access_token))
        return await SessionAccess.of_key(self._session, self._held.service_account)


@contextmanager
def _told() -> Iterator[None]:
    """What came of asking for a token, without the words of whoever answered."""
    try:
        yield
    except PermissionDenied:
        raise ProviderRefused(None) from None
    except StoreError:
        raise Unreachable from None


def _reason(body: bytes) -> str | None:
    """Google's word for why not, if it is one of those known."""
    try:
        found = _said(body)["error"]["errors"][0]["reason"]
    except (KeyError, IndexError, TypeError):
        return None
    return found if isinstance(found, str) and found in _REASONS else None


def _said(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
