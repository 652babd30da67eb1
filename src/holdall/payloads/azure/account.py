"""An Azure storage account: where it is, and as whom it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.blob import BlobSasPermissions, generate_blob_sas

from holdall.core.errors import InvalidArgument

SCOPE: Final = "https://storage.azure.com/.default"
"""What an access token for storage is asked for (Azure Storage, "Authorize with Microsoft
Entra ID")."""

READ_FOR: Final = timedelta(hours=1)
"""How long a URL that we read with ourselves is good."""


@dataclass(frozen=True, slots=True)
class Account:
    """`url` is the blob endpoint, `https://NAME.blob.core.windows.net`.

    One of `key` (the account's, base64), `sas` (a shared access signature) and `token` (a
    credential of azure-identity, not closed by us) says who asks; nobody does without. A
    `sas` that ends is replaced by `ask`, which gives one for the same that is good now.
    `hierarchical` says that the account has a hierarchical namespace: such an account keeps
    no tags, and lists folder by folder.
    """

    url: str
    name: str
    key: str | None = field(default=None, repr=False)
    sas: str | None = field(default=None, repr=False)
    token: AsyncTokenCredential | None = field(default=None, repr=False)
    hierarchical: bool = False
    ask: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is not None and not self.url.startswith("https://"):
            raise InvalidArgument("a token is sent over https only", actual=self.url)

    @property
    def credential(self) -> Mapping[str, str] | str | AsyncTokenCredential | None:
        """What azure-storage-blob takes for a credential."""
        if self.key is not None:
            return {"account_name": self.name, "account_key": self.key}
        return self.token if self.ask is not None else self.sas or self.token

    @property
    def native_tags(self) -> bool:
        """Whether the account keeps tags, and who asks may see and set them."""
        said = parse_qs(self.sas or "").get("sp")  # none: the permissions are in a stored policy
        return not self.hierarchical and (said is None or "t" in said[0])

    async def headers(self) -> dict[str, str]:
        """The header that a request of our own needs beside a URL from `readable`."""
        if self.key is not None or self.sas is not None or self.token is None:
            return {}
        found = await self.token.get_token(SCOPE)
        return {"authorization": f"Bearer {found.token}"}

    async def readable(self, url: str, container: str, key: str) -> str:
        """`url`, of a blob, so that it can be read with it. A SAS stands in it already, unless
        it is to be asked for."""
        if self.ask is not None:
            return f"{url}?{await self.ask()}"
        if self.key is None:
            return url
        return self.signed(url, container, key, BlobSasPermissions(read=True), READ_FOR)

    def signed(
        self,
        url: str,
        container: str,
        key: str,
        permission: BlobSasPermissions,
        good: timedelta,
        saved_as: str | None = None,
    ) -> str:
        """`url` with a service SAS for one blob; the account's key must be known. `saved_as`
        is the Content-Disposition that is answered."""
        sas = generate_blob_sas(
            self.name,
            container,
            key,
            account_key=self.key,
            permission=permission,
            expiry=datetime.now(UTC) + good,
            content_disposition=saved_as,
        )
        return f"{url}?{sas}"
