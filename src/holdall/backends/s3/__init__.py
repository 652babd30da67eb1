"""Buckets at a provider that speaks S3, under their own keys."""

from __future__ import annotations

from holdall.backends.s3.backend import S3Backend

__all__ = ["S3Backend"]
