"""A Holdall server as a backend: its control plane for records, S3 for bytes."""

from __future__ import annotations

from holdall.backends.remote.backend import RemoteBackend

__all__ = ["RemoteBackend"]
