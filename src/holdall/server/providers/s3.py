"""An imported bucket at AWS, MinIO, or whoever else speaks S3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import aiohttp

from holdall.backends.protocol import Backend
from holdall.backends.remote.elsewhere import BucketElsewhere
from holdall.core.dispositions import attachment
from holdall.core.errors import HoldallError
from holdall.s3 import federation
from holdall.s3.client import Patience, Retries, S3Client
from holdall.s3.errors import CODES
from holdall.s3.federation import Wish
from holdall.s3.signing import Credentials
from holdall.server.imports import Place
from holdall.server.providers.issuer import DEADLINE, ProviderRefused, Unreachable, UrlWish, asked

AWS: Final = "https://s3.{}.amazonaws.com"
PATIENCE: Final = Patience(connect=5.0, idle=15.0, deadline=DEADLINE)
RETRIES: Final = Retries(attempts=2)


class S3Issuer:
    """Meets `Issuer`."""

    def __init__(
        self, place: Place, credentials: Credentials, session: aiohttp.ClientSession
    ) -> None:
        self._place = place
        self._credentials = credentials
        self._session = session

    async def verify(self) -> None:
        async with self._client() as client:
            try:
                # A listing says by a code what is wrong; an answer to HEAD has no body to say it.
                await client.list(self._place.bucket, limit=1)
            except HoldallError as error:
                raise _told(error) from None  # its message may quote what answered there

    async def sign_url(self, wish: UrlWish) -> str:
        saved_as = None if wish.download_name is None else attachment(wish.download_name)
        pairs = (("versionId", wish.version), ("response-content-disposition", saved_as))
        query = tuple((name, value) for name, value in pairs if value is not None)
        bucket, expires = self._place.bucket, wish.expires
        return self._client().sign_url(wish.method, bucket, wish.key, expires=expires, query=query)

    async def temporary_credentials(self, wish: Wish, now: datetime) -> Mapping[str, str]:
        request = federation.request(self._place, self._credentials, wish, now)
        answer = await asked(self._session, "POST", request.url, request.headers, request.body)
        granted = federation.granted(answer.body) if answer.status == 200 else None
        if granted is None:
            raise ProviderRefused(None)
        made = granted.credentials
        return {
            "bucket_name": self._place.bucket,
            "region_name": self._place.region,
            "endpoint_url": self._endpoint,
            "access_key_id": made.access_key,
            "secret_access_key": made.secret_key,
            "session_token": str(made.session_token),
            "expiration": granted.expiration.isoformat(),
        }

    async def backend(self) -> Backend:
        return BucketElsewhere(self._client_with(Retries(), Patience()), self._place.bucket)

    @property
    def _endpoint(self) -> str:
        return self._place.endpoint or AWS.format(self._place.region)

    def _client(self) -> S3Client:
        return self._client_with(RETRIES, PATIENCE)

    def _client_with(self, retries: Retries, patience: Patience) -> S3Client:
        """Needs not be closed: the connections are the session's."""
        return S3Client(
            self._endpoint,
            self._credentials,
            region=self._place.region,
            path_style=self._place.endpoint is not None,
            session=self._session,
            retries=retries,
            patience=patience,
        )


def _told(error: HoldallError) -> Exception:
    code = error.facts.get("code")
    status = error.facts.get("status")
    if status is None:
        return Unreachable()
    return ProviderRefused(str(code) if code in CODES else None)
