"""What the backends of Azure and of Google Cloud Storage share."""

from __future__ import annotations
