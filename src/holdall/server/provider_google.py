"""An imported bucket of Google Cloud Storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from holdall.server.provider_issuer import ProviderRefused, Unreachable, UrlWish, asked

_REASONS: Final = frozenset(
    {"authError", "forbidden", "notFound", "required", "userProjectMissing"}
)
""""HTTP status and error codes for JSON"."""


async def _client(place: Place, held: GoogleKey, session: aiohttp.ClientSession) -> GcsClient:
    access, endpoint = await _access(held, session), place.endpoint or ENDPOINT
    return GcsClient(
        None, held.project, endpoint=endpoint, access=access, connector=session.connector
    )


async def _access(held: GoogleKey, session: aiohttp.ClientSession) -> SessionAccess:
    """Tokens are asked for over the session, wherever the key says that they are given."""
    if held.service_account is None:
        return SessionAccess(session, str(held.access_token))
    return await SessionAccess.of_key(session, held.service_account)


class GoogleIssuer:
    """Meets `Issuer`."""

    def __init__(self, place: Place, held: GoogleKey, session: aiohttp.ClientSession) -> None:
        self._place = place
        self._held = held
        self._session = session

    async def verify(self) -> None:
        """`InvalidArgument` for a key that is none; `InvalidBucketName` for a bucket that the
        backend of Google does not take."""
        bucket = self._place.bucket
        check_name(bucket)
        url = f"{self._place.endpoint or ENDPOINT}/storage/v1/b/{bucket}/o?maxResults=1"
        headers = await _headers(await _access(self._held, self._session))
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
        made = await self.backend()
        try:
            return await made.sign_url(
                self._place.bucket,
                wish.key,
                method=wish.method,
                expires_in=wish.expires,
                download_name=wish.download_name,
            )
        finally:
            await made.aclose()

    async def temporary_credentials(self, wish: Wish, now: datetime) -> Mapping[str, str]:
        """Google decides how long they are good."""
        async with await _client(self._place, self._held, self._session) as client:
            try:
                made = await granting.fields(client, self._place.bucket, writes=wish.writes)
            except PermissionDenied:
                raise ProviderRefused(None) from None
            except StoreError:
                raise Unreachable from None
        given = self._place.endpoint
        return made if given is None else {**made, "endpoint_url": given}

    async def backend(self) -> GoogleElsewhere:
        client = await _client(self._place, self._held, self._session)
        return GoogleElsewhere(client, self._place.bucket)


async def _headers(access: SessionAccess) -> Mapping[str, str]:
    try:
        return await access.headers()
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
