"""Buckets of Google Cloud Storage, under their own keys."""

from __future__ import annotations

from holdall.backends.gcs.backend import GcsBackend

__all__ = ["GcsBackend"]
