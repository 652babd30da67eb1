"""The transport's errors in words of ours: where no connection came about, or why one broke."""

from __future__ import annotations

import os
import socket
import ssl
from typing import Final

import aiohttp

from holdall.s3.client.once import Severed

UNMADE: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors of connections that were never made: nothing was sent."""


def unreached(error: aiohttp.ClientError) -> str:
    """`the server HOST:PORT cannot be reached: CAUSE`, of one of `UNMADE`."""
    if not isinstance(error, aiohttp.ClientConnectorError):
        return "the server cannot be reached: it does not answer"
    host = f"[{error.host}]" if ":" in error.host else error.host
    place = host if error.port is None else f"{host}:{error.port}"
    return f"the server {place} cannot be reached: {_hindrance(error)}"


def _hindrance(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted, {_complaint(error.certificate_error)}"
    cause = error.os_error
    if isinstance(error, aiohttp.ClientSSLError):
        return f"no encryption could be agreed on, {_reason(cause)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(cause, socket.gaierror):
        return f"its name cannot be looked up, {_reason(cause)}"
    return _reason(cause)


def _complaint(error: Exception) -> str:
    found = getattr(error, "verify_message", "")  # of one that Python itself finds there is none
    return found or "it is for another host"


def broke(error: Exception) -> str:
    """`the connection broke: CAUSE`."""
    return f"the connection broke: {_break(error)}"


def _break(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, Severed) else error
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return "the server closed it"
    if isinstance(cause, aiohttp.ClientPayloadError):
        return "the answer ended early"
    if isinstance(cause, aiohttp.ClientResponseError):
        return "the answer is no HTTP"
    return _reason(cause or error)


def _reason(error: BaseException) -> str:
    """What the system says of an error, without the addresses that Python adds to some."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "for no known reason").lower().replace("_", " ")
    if isinstance(error, socket.gaierror):
        return str(error.strerror or error).lower()
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return type(error).__name__
