"""The S3 servers of others that these tests need."""

from __future__ import annotations

from holdall.testing.moto import moto_server
from holdall.testing.seaweed import seaweed_server

__all__ = ["moto_server", "seaweed_server"]
