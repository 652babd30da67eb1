"""The key of a service account, as Google hands it out in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from google.auth.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from holdall.core.errors import InvalidArgument
from holdall.payloads.gcs.access import SCOPE

_MOST: Final = 512
"""Bytes of a signature. Google's keys make 256; larger ones take seconds to sign with."""


def credentials_in(file: Path) -> Credentials:
    """Credentials for storage. `InvalidArgument` for a file that holds no such key. Blocks."""
    try:
        return credentials_from(file.expanduser().read_text())
    except ValueError as error:
        raise InvalidArgument(f"{file} holds no key of a service account", path=file) from error


def credentials_from(text: str) -> ServiceAccount:
    """The same of what is in such a file. `InvalidArgument`. Takes its time."""
    try:
        found: ServiceAccount = ServiceAccount.from_service_account_info(  # type: ignore[no-untyped-call]
            json.loads(text), scopes=[SCOPE]
        )
        found.service_account_email.encode("ascii")  # nothing checks it before it is sent
        size = len(found.sign_bytes(b""))
    except (AttributeError, RecursionError, TypeError, UnsupportedAlgorithm, ValueError) as error:
        # What is no RSA key shows when it signs.
        raise InvalidArgument("this is no key of a service account") from error
    if size > _MOST:
        raise InvalidArgument(f"a key of a service account has at most {8 * _MOST} bits")
    return found
