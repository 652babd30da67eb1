"""Credentials of other providers, as those who import a bucket give them, checked for their form.

The fields have the names under which credentials of the same provider are given out.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, model_validator

from holdall.s3.signing import Credentials
from holdall.server.imports import AzureKey, GoogleKey

_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]+")
_ACCOUNT: Final = r"[a-z0-9]{3,24}"
_ACCOUNT_PATH: Final = re.compile(rf"/?|/{_ACCOUNT}/?")


def _checked_url(text: str) -> str:
    """`ValueError`, which ports out of range and IPv6 addresses that are none raise by
    themselves."""
    found = _checked_host(text)
    if found.path not in ("", "/"):
        raise ValueError("it must end after the host and the port")
    return text.rstrip("/")


def _checked_account_url(text: str) -> str:
    """The same with an account's name for a path, which emulators have."""
    if not _ACCOUNT_PATH.fullmatch(_checked_host(text).path):
        raise ValueError("it must end after the host and the port, or the account's name")
    return text.rstrip("/")


def _checked_host(text: str) -> SplitResult:
    found = urlsplit(text)
    host, _port = found.hostname or "", found.port
    if found.scheme not in ("http", "https") or "@" in found.netloc or not _HOST.fullmatch(host):
        raise ValueError("it is no address such as https://s3.example.com")
    if found.query or found.fragment:
        raise ValueError("it must end before a query")
    return found


def _checked_secret(secret: SecretStr) -> SecretStr:
    """`ValueError` for what goes into no header."""
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("it has printable ASCII characters")
    return secret


def _checked_base64(secret: SecretStr) -> SecretStr:
    base64.b64decode(secret.get_secret_value(), validate=True)
    return secret


def _checked_sas(secret: SecretStr) -> SecretStr:
    """A query, with or without its question mark, that holds a signature."""
    text = secret.get_secret_value().removeprefix("?")
    if "#" in text or " " in text or "sig" not in parse_qs(text):
        raise ValueError("it is no shared access signature")
    return SecretStr(text)


def _checked_service_account(secret: SecretStr) -> SecretStr:
    """What is in it is looked at where Google is known."""
    try:
        found = json.loads(secret.get_secret_value())
    except RecursionError:
        found = None
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise ValueError("it is no key of a service account")
    return secret


TheirBucket = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$")
]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Url = Annotated[
    str, StringConstraints(pattern=r"^[!-~]+$", max_length=2048), AfterValidator(_checked_url)
]
AccountUrl = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]+$", max_length=2048),
    AfterValidator(_checked_account_url),
]
AccountName = Annotated[str, StringConstraints(pattern=f"^{_ACCOUNT}$")]
Project = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9:.-]{0,127}$")]
Secret = Annotated[SecretStr, Field(max_length=8192), AfterValidator(_checked_secret)]
AccountKey = Annotated[Secret, AfterValidator(_checked_base64)]
Sas = Annotated[Secret, AfterValidator(_checked_sas)]
ServiceAccount = Annotated[
    SecretStr, Field(max_length=16384), AfterValidator(_checked_service_account)
]
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{3,128}$")]


class S3Credentials(BaseModel):
    """Keys of the provider. `endpoint_url` is needed but for AWS itself."""

    bucket_name: TheirBucket | None = None
    region_name: Region = "us-east-1"
    endpoint_url: Url | None = None
    access_key_id: Id
    secret_access_key: Secret
    session_token: Secret | None = None

    @property
    def held(self) -> Credentials:
        secret = self.secret_access_key.get_secret_value()
        return Credentials(self.access_key_id, secret, _revealed(self.session_token))


class AzureCredentials(BaseModel):
    """The key of a storage account, of which addresses and credentials are made; or a shared
    access signature, of which none are. `account_name` is needed where `storage_endpoint` does
    not begin with it, and is not an emulator's, which ends with it."""

    bucket_name: TheirBucket | None = None
    storage_endpoint: AccountUrl
    account_name: AccountName | None = None
    account_key: AccountKey | None = None
    sas_token: Sas | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.account_key is None) == (self.sas_token is None):
            raise ValueError("give `account_key` or `sas_token`")
        return self

    @property
    def held(self) -> AzureKey:
        found = urlsplit(self.storage_endpoint)
        named = found.path.strip("/") or str(found.hostname).partition(".")[0]
        name = self.account_name or named
        return AzureKey(name, _revealed(self.account_key), _revealed(self.sas_token))


class GoogleCredentials(BaseModel):
    """The key of a service account, of which addresses and credentials are made, as Google
    hands it out in a file (JSON), which tells the `project`; or an access token, of which no
    addresses are. `endpoint_url` is an emulator's."""

    bucket_name: TheirBucket | None = None
    project: Project | None = None
    endpoint_url: Url | None = None
    service_account_key: ServiceAccount | None = None
    access_token: Secret | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.service_account_key is None) == (self.access_token is None):
            raise ValueError("give `service_account_key` or `access_token`")
        return self

    @property
    def held(self) -> GoogleKey:
        key, token = _revealed(self.service_account_key), _revealed(self.access_token)
        said = None if key is None else json.loads(key).get("project_id")
        return GoogleKey(self.project or (said if isinstance(said, str) else None), key, token)


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
