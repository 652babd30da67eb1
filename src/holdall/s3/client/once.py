"""What keeps aiohttp from sending a request again of its own accord."""

from __future__ import annotations

import aiohttp


class Severed(aiohttp.ClientError):
    """The connection broke under a request that may have taken effect."""


async def sent_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A middleware of a session or of one request; it has to be the outermost.

    aiohttp sends PUT and DELETE again when a connection that was kept breaks (RFC 9110, 9.2.2).
    The second answer would then say of a conditional write that somebody else was first.
    """
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Severed(str(error) or type(error).__name__) from error
