"""The files that a server keeps beside its store, and that hold secrets."""

from __future__ import annotations

from typing import Final

MASTER_KEY: Final = "master-key"
"""Opens what the server sealed: without it that is never read again."""
ROOT_KEY: Final = "access-key.json"
WEBHOOKS: Final = "webhooks.json"
SECRET_FILES: Final = (MASTER_KEY, ROOT_KEY, WEBHOOKS)
