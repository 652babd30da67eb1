"""The key of a service account, as Google hands it out in a file."""

from __future__ import annotations

from pathlib import Path

from google.auth.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from holdall.core.errors import InvalidArgument
from holdall.payloads.gcs.access import SCOPE


def credentials_in(file: Path) -> Credentials:
    """Credentials for storage. `InvalidArgument` for a file that holds no such key. Blocks."""
    try:
        found: Credentials = ServiceAccount.from_service_account_file(  # type: ignore[no-untyped-call]
            str(file.expanduser()), scopes=[SCOPE]
        )
    except ValueError as error:
        raise InvalidArgument(f"{file} holds no key of a service account", path=file) from error
    return found
