"""Sessions of aiohttp in which nothing is sent again but by us."""

from __future__ import annotations

from typing import Final

import aiohttp

from holdall.s3.client.once import sent_once

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)


def session(accept_encoding: str) -> aiohttp.ClientSession:
    """Bodies come as they were sent. Must be called where an event loop runs."""
    return aiohttp.ClientSession(
        timeout=_TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"accept-encoding": accept_encoding},
        middlewares=(sent_once,),
    )
