"""How long the vendor's client waits before it asks again: as long as the rest of Holdall."""

from __future__ import annotations

from typing import Any

from azure.storage.blob.aio import ExponentialRetry

from holdall.s3.client.retrying import Retries


class Backoff(ExponentialRetry):
    """The vendor's policy waits seconds at least, and grows by whole powers of them."""

    def __init__(self, retries: Retries) -> None:
        super().__init__(retry_total=retries.attempts - 1)
        self._retries = retries

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        return self._retries.wait(max(1, settings["count"]), None) or 0.0
