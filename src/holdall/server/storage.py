"""Where a server's store keeps its names and its bytes, and opening the two together.

Without more they are in its directory. Bytes can be in a bucket of an S3-compatible store,
names in PostgreSQL; what a store began with stands in `storage.json` and must not change.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from holdall.backends.engine import EngineBackend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.transaction import Catalog
from holdall.core.errors import Conflict, InvalidArgument, NotSupported
from holdall.engine import directory
from holdall.engine.engine import Engine
from holdall.payloads.local import LocalPayloads
from holdall.payloads.protocol import PayloadStore
from holdall.s3.signing import Credentials
from holdall.server import private_files

FILE: Final = directory.ELSEWHERE
AWS: Final = "https://s3.{}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Storage:
    """`payloads` is `s3://BUCKET/PREFIX/?endpoint=URL&region=NAME`, `catalog` what libpq takes
    for a database; None: in the directory. `credentials` are those of the bucket."""

    payloads: str | None = None
    credentials: Credentials | None = field(default=None, repr=False)
    catalog: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """`InvalidArgument`."""
        if self.payloads is not None:
            place_of(self.payloads)

    @property
    def is_local(self) -> bool:
        return self.payloads is None and self.catalog is None


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket of an S3-compatible store, and a prefix in it that is empty or ends with `/`."""

    endpoint: str
    region: str
    bucket: str
    prefix: str


def place_of(url: str) -> Place:
    """Read an address of payloads. `InvalidArgument`."""
    try:
        found = urlsplit(url)
        facts = dict(parse_qsl(found.query, strict_parsing=bool(found.query)))
    except ValueError:
        raise _unreadable(url) from None
    unknown = facts.keys() - {"endpoint", "region"}
    if found.scheme != "s3" or not found.netloc or "@" in found.netloc or unknown:
        raise _unreadable(url)
    region = facts.get("region", "us-east-1")
    prefix = found.path.strip("/")
    endpoint = facts.get("endpoint", AWS.format(region))
    return Place(endpoint, region, found.netloc, f"{prefix}/" if prefix else "")


def _unreadable(url: str) -> InvalidArgument:
    example = "s3://BUCKET/PREFIX/?endpoint=https://HOST&region=NAME"
    return InvalidArgument(f"{url!r} is no address of payloads such as {example}")


async def open_backend(path: Path, storage: Storage, *, owner: str) -> EngineBackend:
    """Open the store, or make it. `Conflict` where it began with another storage."""
    if not (path / FILE).exists():  # else it is a store of ours, which may lack a catalog
        directory.prepare(path, create=True)
    _demand_same(path, storage)
    if storage.is_local:
        return await EngineBackend.at(path, owner=owner)
    catalog = await asyncio.to_thread(_catalog, path, storage)
    try:
        return EngineBackend(Engine(catalog, _payloads(path, storage), owner))
    except BaseException:
        await catalog.aclose()
        raise


def _demand_same(path: Path, storage: Storage) -> None:
    """A catalog whose payloads are looked for elsewhere would seem to have lost them all."""
    wanted: dict[str, Any] = {
        "payloads": _shown(storage.payloads),
        "catalog": storage.catalog is not None,
    }
    known = _known(path)
    if known not in (None, wanted):
        raise Conflict(f"{path} keeps {_told(known)}: say the same again.", path=str(path))
    if known is None and not storage.is_local:
        private_files.write(path / FILE, json.dumps(wanted) + "\n")


def _known(path: Path) -> dict[str, Any] | None:
    """What the store began with, None where it has not begun."""
    if (path / FILE).exists():
        found: dict[str, Any] = json.loads((path / FILE).read_text("utf-8"))
        return found
    return {"payloads": None, "catalog": False} if (path / directory.CATALOG).exists() else None


def _shown(payloads: str | None) -> str | None:
    """What says where bytes are; by which address they are reached may change."""
    if payloads is None:
        return None
    place = place_of(payloads)
    return f"s3://{place.bucket}/{place.prefix}"


def _told(known: dict[str, Any] | None) -> str:
    assert known is not None, "a store that has not begun demands nothing"
    names = "in PostgreSQL" if known["catalog"] else "in the directory"
    return f"its bytes {known['payloads'] or 'in the directory'} and its names {names}"


def _catalog(path: Path, storage: Storage) -> Catalog:
    if storage.catalog is None:
        return SqliteCatalog(path)
    try:
        from holdall.catalog.postgres.catalog import PostgresCatalog  # an extra
    except ImportError as error:
        raise NotSupported("PostgreSQL needs: pip install 'holdall[postgres]'") from error
    return PostgresCatalog(storage.catalog)


def _payloads(path: Path, storage: Storage) -> PayloadStore:
    if storage.payloads is None:
        return LocalPayloads.create(path / "payloads")
    from holdall.payloads.s3 import S3Payloads  # with a client that others need not load
    from holdall.s3.client import S3Client

    place = place_of(storage.payloads)
    client = S3Client(place.endpoint, storage.credentials, region=place.region)
    return S3Payloads(client, place.bucket, place.prefix)
