"""What the environment says of servers and of accounts at providers, for stores that are named
by a URL."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Final

from holdall.client.opening import Options
from holdall.core.errors import InvalidArgument

_AWS: Final = {
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
}
_FILE: Final = {
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}


def options_for(store: str) -> Options:
    """The options of `holdall.connect` for a place such as `s3://` or `https://host`."""
    scheme = store.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return _server()
    if scheme == "s3":
        return _s3()
    if scheme == "az":
        return {"secret_key": _of("AZURE_STORAGE_KEY"), "sas_token": _of("AZURE_STORAGE_SAS_TOKEN")}
    if scheme == "gs":
        return {"credentials_file": _of("GOOGLE_APPLICATION_CREDENTIALS")}
    return {}


def _server() -> Options:
    """Nothing without a key: the client has the one that `holdall login` wrote down."""
    return {**_keys(), "region": _region()} if _of(_AWS["access_key"]) else {}


def _s3() -> Options:
    """Without keys in the environment those of the profile in `~/.aws/credentials`; without
    such a profile the client looks for itself, where botocore is installed."""
    keys = _keys() if _of(_AWS["access_key"]) else _profile()
    return {**keys, "endpoint_url": _of("AWS_ENDPOINT_URL"), "region": _region()}


def _region() -> str | None:
    return _of("AWS_DEFAULT_REGION") or _of("AWS_REGION")


def _keys() -> Options:
    return {
        "access_key": _of(_AWS["access_key"]),
        "secret_key": _of(_AWS["secret_key"]),
        "session_token": _of(_AWS["session_token"]),
    }


def _profile() -> Options:
    file = Path(_of("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    parsed = configparser.RawConfigParser()
    try:
        parsed.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:  # its message may quote a secret
        raise InvalidArgument(f"{file} cannot be read") from error
    name = _of("AWS_PROFILE") or "default"
    if not parsed.has_section(name):
        return {}
    found = parsed[name]
    return {
        "access_key": found.get(_FILE["access_key"]),
        "secret_key": found.get(_FILE["secret_key"]),
        "session_token": found.get(_FILE["session_token"]),
    }


def _of(name: str) -> str | None:
    return os.environ.get(name) or None
