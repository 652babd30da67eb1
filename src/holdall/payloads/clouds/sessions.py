"""Sessions of aiohttp in which nothing is sent again but by us."""

from __future__ import annotations

from typing import Final

import aiohttp

from holdall.s3.client.once import sent_once

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)

LONGEST: Final = 64 * 1024
"""Bytes of an answer that is read whole: no token, and no short listing, is longer."""


async def beginning(answer: aiohttp.ClientResponse) -> bytes:
    """The body, or its first bytes if it has more than `LONGEST`."""
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > LONGEST:
            break
    return bytes(found)


def session(
    accept_encoding: str, connector: aiohttp.BaseConnector | None = None
) -> aiohttp.ClientSession:
    """Bodies come as they were sent. Must be called where an event loop runs.

    A `connector` that is handed in makes all connections, and is not closed.
    """
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=connector is None,
        timeout=_TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"accept-encoding": accept_encoding},
        middlewares=(sent_once,),
    )
