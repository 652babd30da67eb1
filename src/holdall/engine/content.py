"""What a revision or a part shall be, before it has a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from holdall.catalog.tables.revisions import CONTENT
from holdall.catalog.tables.spans import SpanRow


class Content(NamedTuple):
    """What the new revision shall be. JSON columns are packed already.

    Its bytes are `small`, or `spans` over payloads that exist, or both empty. A payload
    that was written for it and is still pending is named by `pending`. `parts` is how many
    rows of `completed_parts` the caller will add. `sealed` is the wrapped key that `small`
    is encrypted with; `crc32c` is always that of the plain bytes.
    """

    size: int = 0
    kind: int = CONTENT
    content_type: str | None = None
    etag: str | None = None
    crc32c: int | None = None
    checksums: str | None = None
    metadata: str | None = None
    tags: str | None = None
    attributes: str | None = None
    marks: Mapping[str, str] | None = None
    parts: int = 0
    small: bytes | None = None
    sealed: bytes | None = None
    spans: tuple[SpanRow, ...] = ()
    pending: int | None = None
