"""A request made ready for the wire: its headers, signature and the bytes that follow.

Bytes in memory are signed with their digest. Those of an object go unsigned over TLS, which
keeps them whole; a stream over a bare connection goes in signed chunks.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from holdall.s3.chunked import CODING, Encoder, framing_headers
from holdall.s3.client.address import Address
from holdall.s3.client.bodies import Chunk
from holdall.s3.client.request import Request
from holdall.s3.signing import UNSIGNED_PAYLOAD, Credentials, chain_of, sign_headers

SERVICE: Final = "s3"


class Signer(NamedTuple):
    """Who signs, for which region, and at what time."""

    credentials: Credentials | None
    region: str
    now: datetime

    def headers(
        self, request: Request, address: Address, headers: Mapping[str, str], digest: str
    ) -> dict[str, str]:
        assert self.credentials is not None, "nobody signs nothing"
        return sign_headers(
            self.credentials,
            request.method,
            address.path,
            address.query,
            headers,
            digest,
            self.region,
            SERVICE,
            self.now,
        )


async def made_ready(
    request: Request, address: Address, signer: Signer
) -> tuple[dict[str, str], AsyncIterable[Chunk]]:
    """All headers to send, and the body as it goes over the wire."""
    body, headers = request.body, {"host": address.host, **request.headers}
    if request.changes:
        headers["content-length"] = str(body.size)
    private = address.scheme == "https"
    if signer.credentials is None:
        return headers, body.open()
    if body.held is None and not private:
        return _in_chunks(request, address, headers, signer)
    unsigned = request.payload and private and body.size
    digest = UNSIGNED_PAYLOAD if unsigned else await body.sha256()
    return headers | signer.headers(request, address, headers, digest), body.open()


def _in_chunks(
    request: Request, address: Address, plain: Mapping[str, str], signer: Signer
) -> tuple[dict[str, str], AsyncIterable[Chunk]]:
    headers = {**plain, **framing_headers(request.body.size, signed=True)}
    if coding := plain.get("content-encoding"):
        headers["content-encoding"] = f"{CODING},{coding}"
    digest = headers["x-amz-content-sha256"]
    added = signer.headers(request, address, headers, digest)
    assert signer.credentials is not None, "its headers were just made"
    chain = chain_of(signer.credentials, added, signer.region, SERVICE)
    return headers | added, Encoder(request.body.open(), chain=chain)
