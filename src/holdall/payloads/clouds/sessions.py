"""Sessions of aiohttp that never send a request again of their own accord."""

from __future__ import annotations

from typing import Final

import aiohttp

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)


class Severed(aiohttp.ClientError):
    """The connection broke under a request that may have taken effect."""


def session(accept_encoding: str) -> aiohttp.ClientSession:
    """Bodies come as they were sent. Must be called where an event loop runs."""
    return aiohttp.ClientSession(
        timeout=_TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"accept-encoding": accept_encoding},
        middlewares=(_sent_once,),
    )


async def _sent_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp sends PUT and DELETE again when a connection breaks (RFC 9110, 9.2.2). The second
    answer would then say of a conditional write that somebody else was first.
    """
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Severed(str(error) or type(error).__name__) from error
