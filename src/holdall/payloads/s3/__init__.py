"""Payloads in a bucket of an S3-compatible store: AWS, SeaweedFS, Ceph, or another Holdall."""

from __future__ import annotations

from holdall.payloads.s3.place import ABANDONED
from holdall.payloads.s3.store import S3Payloads

__all__ = ["ABANDONED", "S3Payloads"]
