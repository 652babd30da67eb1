"""Which of the checksums that S3 tells are believed to be those of a blob's bytes."""

from __future__ import annotations

import base64
import json

import pytest

from holdall.backends.s3 import said
from holdall.s3.client import Head

CRC32, CRC64 = bytes(range(4)), bytes(range(8))


def text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def checksums(told: dict[str, str]) -> dict[str, bytes]:
    headers = {f"x-amz-checksum-{name}": value for name, value in told.items()}
    return dict(said.summed("k", Head.of({"content-length": "9", **headers}), {}).checksums)


def test_those_of_all_bytes() -> None:
    told = {"crc32": text(CRC32), "crc64nvme": text(CRC64), "type": "FULL_OBJECT"}
    assert checksums(told) == {"crc32": CRC32, "crc64nvme": CRC64}
    assert checksums({"sha256": text(bytes(32))}) == {"sha256": bytes(32)}


@pytest.mark.parametrize(
    "told",
    [
        {"crc32": text(CRC32), "type": "COMPOSITE"},
        {"crc32": f"{text(CRC32)}-3"},
        {"crc32": text(CRC64)},
        {"crc32": "no base64"},
        {"crc32": ""},
        {"rot13": text(CRC32)},
    ],
)
def test_nothing_else(told: dict[str, str]) -> None:
    assert checksums(told) == {}


def test_what_s3_computed_counts_more_than_what_was_noted() -> None:
    noted = {"checksums": {"crc32": bytes(4).hex(), "md5": bytes(16).hex()}}
    packed = text(json.dumps(noted).encode())
    headers = {"x-amz-meta-holdall": packed, "x-amz-checksum-crc32": text(CRC32)}
    head = Head.of(headers)
    assert said.summed("k", head, {}).checksums == {"crc32": CRC32, "md5": bytes(16)}
    assert said.revision("k", head, {}).checksums == {"crc32": bytes(4), "md5": bytes(16)}
