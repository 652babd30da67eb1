"""What the drivers of S3, Azure and Google Cloud Storage share."""

from __future__ import annotations
