"""What the tests of faults share: contents, a backend without patience, what it left behind."""

from __future__ import annotations

import hashlib

from holdall.backends.s3 import S3Backend
from holdall.backends.s3.providers import HOLDALL
from holdall.core.values import Revision, UploadRecord
from holdall.s3.client import Patience, Retries, S3Client
from holdall.s3.client.parts import PART
from holdall.s3.signing import Credentials
from holdall.testing.server import Account

BUCKET = "box"
FLAT = "flat"
"""A bucket without versions."""
ATTEMPTS = 3
IDLE = 0.5
"""Seconds of silence after which the client gives up an attempt."""


def content(seed: str, size: int) -> bytes:
    """Bytes of which no two pieces are alike."""
    return hashlib.shake_128(seed.encode()).digest(size)


BEFORE = content("before", 1000)
SMALL = content("small", 100_000)
MIDDLE = content("middle", 2_000_000)
LARGE = content("large", PART + 200_000)


def backend_at(endpoint: str, account: Account) -> S3Backend:
    credentials = Credentials(account.access_key, account.secret_key)
    client = S3Client(
        endpoint,
        credentials,
        retries=Retries(ATTEMPTS, first=0),
        patience=Patience(idle=IDLE),
    )
    return S3Backend(client, capabilities=HOLDALL)


async def read(backend: S3Backend, key: str, bucket: str = BUCKET) -> bytes:
    async with await backend.open(bucket, key) as reading:
        return await reading.read()


async def keys(backend: S3Backend, bucket: str = BUCKET) -> list[str]:
    page = await backend.list(bucket)
    return [entry.key for entry in page.entries if isinstance(entry, Revision)]


async def uploads_left(backend: S3Backend) -> list[UploadRecord]:
    return [each for name in (BUCKET, FLAT) for each in await backend.list_uploads(name)]
