"""Signed URLs of Cloud Storage, version 4 ("V4 signing process with your own program")."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from google.auth.credentials import Signing

from holdall.core.errors import InvalidArgument

MOST: Final = 7 * 24 * 3600
"""Seconds for which a URL can be good."""

_ALGORITHM: Final = "GOOG4-RSA-SHA256"


def signed_url(
    credentials: Signing,
    endpoint: str,
    method: str,
    bucket: str,
    key: str,
    *,
    expires_in: int,
    saved_as: str | None = None,
    now: datetime | None = None,
) -> str:
    """A URL for one method on one object. May ask Google to sign: not on the event loop.
    `saved_as` is the Content-Disposition that is answered."""
    if not 0 < expires_in <= MOST:
        raise InvalidArgument(f"a URL is good for 1 to {MOST} seconds", actual=expires_in)
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/auto/storage/goog4_request"
    host, path = urlsplit(endpoint).netloc, f"/{bucket}/{quote(key, safe='/~')}"
    query = _query(
        {
            "X-Goog-Algorithm": _ALGORITHM,
            "X-Goog-Credential": f"{credentials.signer_email}/{scope}",
            "X-Goog-Date": moment,
            "X-Goog-Expires": str(expires_in),
            "X-Goog-SignedHeaders": "host",
            **({} if saved_as is None else {"response-content-disposition": saved_as}),
        }
    )
    request = "\n".join((method, path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"))
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature: bytes = credentials.sign_bytes(  # type: ignore[no-untyped-call]
        "\n".join((_ALGORITHM, moment, scope, digest)).encode()
    )
    return f"{endpoint}{path}?{query}&X-Goog-Signature={signature.hex()}"


def _query(pairs: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(pairs.items()))
