"""Content-Disposition (RFC 6266): under which name a browser saves what it downloads."""

from __future__ import annotations

import re
from urllib.parse import quote


def attachment(name: str) -> str:
    """The header's value. Any name at all fits: what is not plain is percent-encoded UTF-8
    (RFC 8187), with a plain stand-in for clients that do not know of that."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
