"""An imported container of an Azure storage account.

The vendor's client is not let near what a user named: it reads whole answers, however long. What
is asked here is one listing, and what is made are signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from yarl import URL

from holdall.backends.azure import granting
from holdall.backends.azure.naming import check_container_name
from holdall.backends.remote.elsewhere_azure import AzureElsewhere
from holdall.core.errors import NotSupported
from holdall.payloads.azure import Account, AzureClient
from holdall.s3.federation import Wish
from holdall.server.imports import AzureKey, Place
from holdall.server.providers.issuer import ProviderRefused, UrlWish, asked, signed

_ONE: Final = "restype=container&comp=list&maxresults=1"
_LISTED: Final = b"<EnumerationResults"
_WHILE_TRIED: Final = timedelta(minutes=15)
_CODES: Final = frozenset(
    {
        "AccountIsDisabled",
        "AuthenticationFailed",
        "AuthorizationFailure",
        "AuthorizationPermissionMismatch",
        "AuthorizationProtocolMismatch",
        "AuthorizationResourceTypeMismatch",
        "AuthorizationServiceMismatch",
        "AuthorizationSourceIPMismatch",
        "ContainerBeingDeleted",
        "ContainerNotFound",
        "KeyBasedAuthenticationNotPermitted",
        "ResourceNotFound",
    }
)
""""Common REST API error codes", "Blob Storage error codes"."""


class AzureIssuer:
    """Meets `Issuer`."""

    def __init__(self, place: Place, held: AzureKey, session: aiohttp.ClientSession) -> None:
        self._place = place
        self._session = session
        self._account = Account(str(place.endpoint), held.account, key=held.key, sas=held.sas)

    async def verify(self) -> None:
        """`InvalidBucketName` for a container that the backend of Azure does not take."""
        check_container_name(self._place.bucket)
        url = f"{self._account.url}/{self._place.bucket}?{_ONE}&{self._sas()}"
        answer = await asked(self._session, "GET", URL(url, encoded=True), {})
        if answer.status != 200 or _LISTED not in answer.body:
            code = answer.headers.get("x-ms-error-code")
            raise ProviderRefused(code if code in _CODES else None)

    def _sas(self) -> str:
        """Made of the account's key, it lists if the key is the right one."""
        if self._account.sas is not None:
            return self._account.sas
        made = granting.granted(self._account, self._place.bucket, life=_WHILE_TRIED, writes=False)
        return made.fields["sas_token"]

    async def sign_url(self, wish: UrlWish) -> str:
        if wish.version is not None:
            raise NotSupported("Addresses of versions are not made at Azure.")
        if self._account.key is None:
            raise NotSupported(
                "A shared access signature signs no addresses. Import the bucket with the"
                " account's key."
            )
        return await signed(await self.backend(), self._place.bucket, wish)

    async def temporary_credentials(self, wish: Wish, now: datetime) -> Mapping[str, str]:
        if self._account.key is None:
            raise NotSupported(
                "A shared access signature makes no others. Import the bucket with the account's"
                " key."
            )
        life = timedelta(seconds=wish.seconds)
        bucket = self._place.bucket
        return granting.granted(self._account, bucket, life=life, writes=wish.writes).fields

    async def backend(self) -> AzureElsewhere:
        client = AzureClient(self._account, connector=self._session.connector)
        return AzureElsewhere(client, self._place.bucket)
