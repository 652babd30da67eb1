"""What the beginning of a `blob:` URI may go on as, in bounded time and number."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Container
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from holdall.cli.clusters import client_for, with_orgs
from holdall.cli.profiles import find
from holdall.cli.served import client_of
from holdall.client.client import Client
from holdall.core.errors import HoldallError
from holdall.core.uris import BlobURI, parse

PATIENCE: Final = 2.0
"""Seconds. A person who pressed a key waits no longer."""
MOST: Final = 100

_SCHEME: Final = "blob:"
# What no shell takes for its own, not even as the end of a word.
_ESCAPED: Final = re.compile(r"[^\w\-.~/+,]")


def candidates(store: str, typed: str) -> list[str]:
    """URIs that begin as it was `typed`: of buckets, else of keys up to the next slash.

    Nothing where the store cannot say it: a message would end up in the line being typed.
    """
    return _found(lambda: client_for(store, may_create=False), typed)


def candidates_at_server(profile: str | None, store: str, typed: str) -> list[str]:
    """The same of the server that a command for servers would ask."""
    return _found(lambda: client_of(find(profile, store)), typed)


def _found(opened: Callable[[], Client], typed: str) -> list[str]:
    with suppress(HoldallError, OSError, TimeoutError):
        return asyncio.run(_in_time(opened, typed))
    return []


async def _in_time(opened: Callable[[], Client], typed: str) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(PATIENCE), opened() as client:
        async for uri in _beginning(client, typed):
            found.append(uri)
            if len(found) == MOST:
                break
    return found


async def _beginning(client: Client, typed: str) -> AsyncIterator[str]:
    names_key = _names_key(typed, with_orgs())
    async for uri in _keys(client, typed) if names_key else _buckets(client, typed):
        if uri.startswith(typed):
            yield uri


def _names_key(typed: str, org_clusters: Container[str]) -> bool:
    """Whether the bucket's name is over and its key begun."""
    rest = typed.removeprefix(_SCHEME)
    if rest.startswith("//"):
        cluster = rest[2:].partition("/")[0]
        return rest.count("/") > (5 if cluster in org_clusters else 4)
    return rest.count("/") > (2 if rest.startswith("/") else 0)


async def _buckets(client: Client, typed: str) -> AsyncIterator[str]:
    """In the form in which the URI was begun."""
    cluster = None
    if typed.startswith(f"{_SCHEME}//"):
        cluster = typed.removeprefix(f"{_SCHEME}//").partition("/")[0]
    async with client.buckets.list(cluster) as buckets:
        async for bucket in buckets:
            name = bucket.name or bucket.id
            if cluster is not None:
                yield f"{bucket.uri}/"
            elif typed.startswith(f"{_SCHEME}/"):
                yield f"{BlobURI(owner=bucket.owner, bucket=name)}/"
            else:
                yield f"{BlobURI(bucket=name)}/"


async def _keys(client: Client, typed: str) -> AsyncIterator[str]:
    begun = parse(typed, org_clusters=with_orgs()).key
    async with client.buckets.list_blobs(typed, limit=MOST) as entries:
        async for entry in entries:
            rest = entry.key.removeprefix(begun)
            if rest or not entry.is_dir():
                yield typed + _ESCAPED.sub(lambda char: quote(char[0], safe=""), rest)
