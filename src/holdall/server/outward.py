"""Connections to addresses that users name, which go only where the operator lets them.

What counts is the address that is connected to, looked at when its socket is made: neither a
name that resolves to something else the second time nor an odd spelling gets around that.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import aiohttp

CONNECTIONS: Final = 32
Address = IPv4Address | IPv6Address

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""


def may_connect(address: str, *, private: bool) -> bool:
    """Whether an address, as a socket knows it, is one that everybody can reach.

    `private`: those of private networks and of the machine itself will do, too. Link-local ones
    never: no store lives there, but the machine's own cloud credentials may (169.254.169.254).
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_fit(each, private) for each in _meant(found))


def _is_fit(address: Address, private: bool) -> bool:
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return private or address.is_global


def _meant(address: Address) -> Iterator[Address]:
    """The address itself, and one of IPv4 that it stands for."""
    yield address
    if isinstance(address, IPv4Address):
        return
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if address in _TRANSLATED:
        inner = IPv4Address(address.packed[-4:])
    if inner is not None:
        yield inner


def session(*, private: bool) -> aiohttp.ClientSession:
    """A pool of such connections. It goes by no proxy, follows nothing by itself, and keeps no
    cookies; who made it closes it."""
    factory: Callable[[Any], socket.socket] = partial(_connecting, private=private)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, socket_factory=factory),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _connecting(address: Any, *, private: bool) -> socket.socket:
    """A socket for an address as `getaddrinfo` gives it. `OSError` where it may not go."""
    family, kind, protocol, _, (host, *_rest) = address
    if not may_connect(host, private=private):
        raise OSError(errno.EACCES, "this server does not connect to such addresses")
    return socket.socket(family, kind, protocol)
