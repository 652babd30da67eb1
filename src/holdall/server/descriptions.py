"""Whole records of blobs, which Holdall's own clients are told beside what S3 tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from holdall.core.values import Revision
from holdall.server.call import Call
from holdall.server.objects import KEPT
from holdall.server.response import Headers

ASKED: Final = "x-holdall-describe"
"""The request header that asks for it, by the word `revision`."""

TOLD: Final = "x-holdall-revision"
"""The header that answers, in JSON."""

MOST: Final = 4096
"""Bytes of it. HTTP clients take lines of 8 KiB; what is longer is asked of the control plane."""


def document(revision: Revision) -> dict[str, Any]:
    """Checksums are in hexadecimal; `headers` are those that were sent to be kept."""
    attributes = revision.attributes
    return {
        "key": revision.key,
        "number": revision.number,
        "version": revision.version,
        "size": revision.size,
        "created_at": revision.created_at,
        "content_type": revision.content_type,
        "etag": revision.etag,
        "checksums": hexadecimal(revision.checksums),
        "composite": hexadecimal(revision.composite),
        "parts": revision.parts,
        "metadata": revision.metadata,
        "tags": revision.tags,
        "headers": {name: attributes[name] for name in KEPT if name in attributes},
        "is_marker": revision.is_marker,
        "is_current": revision.is_current,
        "is_null": revision.is_null,
    }


def hexadecimal(digests: Mapping[str, bytes]) -> dict[str, str]:
    return {name: digest.hex() for name, digest in digests.items()}


def headers(call: Call, revision: Revision) -> Headers:
    """The record of what this request made or reads, where it asks. Not for anonymous callers:
    who may read an object of S3 may not always see its tags."""
    if call.header(ASKED) != "revision" or call.caller.kind == "anonymous":
        return []
    text = json.dumps(document(revision), default=datetime.isoformat, separators=(",", ":"))
    return [(TOLD, text)] if len(text) <= MOST else []
