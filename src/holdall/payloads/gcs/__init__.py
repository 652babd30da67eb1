"""Payloads in a bucket of Google Cloud Storage."""

from __future__ import annotations

from holdall.payloads.gcs.client import GcsClient
from holdall.payloads.gcs.store import GcsPayloads

__all__ = ["GcsClient", "GcsPayloads"]
