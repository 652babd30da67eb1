"""The place that is measured: a cluster by its name, an address, a store, or any directory."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from holdall.cli.clusters import client_for, config_path
from holdall.client import config
from holdall.client.client import Client, connect
from holdall.client.clusters import Clusters
from holdall.client.opening import configured
from holdall.core.errors import FormatError, NotFound, StoreNotFound


@asynccontextmanager
async def measured(where: str) -> AsyncGenerator[Client, None]:
    """A client whose current cluster is that place. A directory that holds no store gets one
    for the time being. `NotFound`."""
    known = config.load(config_path())
    if where in known.clusters:
        async with Client.of(Clusters(configured(known), where)) as client:
            yield client
    elif "://" in where or await _holds_store(where):
        async with client_for(where, may_create=False) as client:
            yield client
    else:
        async with _for_now(where) as client:
            yield client


async def _holds_store(where: str) -> bool:
    try:
        async with connect(Path(where), create=False) as client, client.buckets.list():
            return True
    except (StoreNotFound, FormatError):
        return False


@asynccontextmanager
async def _for_now(where: str) -> AsyncGenerator[Client, None]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="holdall-bench-", dir=where)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{where!r} is no cluster and no directory", actual=where) from error
    with folder:
        async with connect(Path(folder.name) / "store") as client:
            yield client
