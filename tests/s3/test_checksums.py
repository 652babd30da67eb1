"""What requests may announce about their checksums, and what is refused."""

from __future__ import annotations

import base64
import hashlib

import pytest

from holdall.core.checksums import digester
from holdall.s3 import checksums
from holdall.s3.checksums import Announced, ChecksumType, Multipart
from tests.s3.refusals import refused

CRC32 = "NhCmhg=="
TRAILING = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}


def test_nothing_is_announced_by_headers_about_checksums() -> None:
    headers = {
        "x-amz-checksum-algorithm": "CRC32",
        "x-amz-checksum-type": "COMPOSITE",
        "x-amz-checksum-mode": "ENABLED",
    }
    assert checksums.announced(headers) is None


@pytest.mark.parametrize("algorithm", list(checksums.LENGTHS))
def test_every_algorithm_in_a_header_and_in_a_trailer(algorithm: str) -> None:
    running = digester(algorithm)
    running.update(b"hello")
    digest = running.digest()
    name = checksums.header_name(algorithm)
    found = checksums.announced({name: checksums.encode(digest)})
    assert found == Announced(algorithm, digest, in_trailer=False)
    found = checksums.announced({**TRAILING, "x-amz-trailer": name.title()})
    assert found == Announced(algorithm, None, in_trailer=True)
    assert checksums.from_trailer(found, {name: checksums.encode(digest)}) == digest
    assert checksums.algorithm_of(name) == algorithm
    assert checksums.algorithm_of(checksums.element_name(algorithm)) == algorithm
    assert checksums.algorithm_of(algorithm.upper()) == algorithm


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-checksum-crc32": CRC32, "x-amz-checksum-crc32c": CRC32},
        {"x-amz-checksum-crc32": CRC32, "x-amz-trailer": "x-amz-checksum-sha1", **TRAILING},
        {"x-amz-trailer": "x-amz-checksum-crc32,x-amz-checksum-sha1", **TRAILING},
        {"x-amz-checksum-md4": CRC32},
        {"x-amz-checksum-crc32": ""},
        {"x-amz-checksum-crc32": "nonsense"},
        {"x-amz-checksum-crc32": "NhCmhg="},
        {"x-amz-checksum-crc32": "NhCm\u00e9g=="},
        {"x-amz-checksum-crc32": base64.b64encode(bytes(8)).decode()},
        {"x-amz-checksum-crc32": f"{CRC32}-2"},
        {"x-amz-trailer": "x-amz-checksum-md4", **TRAILING},
        {"x-amz-trailer": "x-amz-meta-a", **TRAILING},
        {"x-amz-trailer": "x-amz-checksum-crc32"},
        {"x-amz-sdk-checksum-algorithm": "CRC32"},
        {"x-amz-sdk-checksum-algorithm": "MD4", "x-amz-checksum-crc32": CRC32},
        {"x-amz-sdk-checksum-algorithm": "", "x-amz-checksum-crc32": CRC32},
        {"x-amz-sdk-checksum-algorithm": "CRC32C", "x-amz-checksum-crc32": CRC32},
    ],
)
def test_what_is_refused(headers: dict[str, str]) -> None:
    assert refused("InvalidRequest", lambda: checksums.announced(headers)).status == 400


def test_the_header_that_is_wrong_is_named() -> None:
    error = refused("InvalidRequest", lambda: checksums.decode("sha1", CRC32))
    assert error.message == "Value for x-amz-checksum-sha1 header is invalid."


def test_the_word_of_the_sdk_may_agree() -> None:
    headers = {"x-amz-sdk-checksum-algorithm": "crc32", "x-amz-checksum-crc32": CRC32}
    assert checksums.announced(headers) is not None


def test_trailers_that_are_missing_or_wrong() -> None:
    announced = Announced("crc32", None, in_trailer=True)
    refused("MalformedTrailerError", lambda: checksums.from_trailer(announced, {}))
    wrong = {"x-amz-checksum-crc32": "AAAA"}
    error = refused("InvalidRequest", lambda: checksums.from_trailer(announced, wrong))
    assert "trailing header" in error.message


def test_composite_values() -> None:
    digest = base64.b64decode(CRC32)
    assert checksums.encode(digest, 3) == f"{CRC32}-3"
    assert checksums.decode_composite("crc32", f"{CRC32}-3") == (digest, 3)
    assert checksums.decode_composite("crc32", CRC32) == (digest, None)
    for text in (f"{CRC32}-", f"{CRC32}-x", f"{CRC32}-1-2", f"{CRC32}--1", "-3"):
        refused("InvalidRequest", lambda text=text: checksums.decode_composite("crc32", text))


def test_a_mismatch_names_its_algorithm() -> None:
    error = checksums.mismatch("crc64nvme")
    assert (error.code, error.status) == ("BadDigest", 400)
    assert "CRC64NVME" in error.message


def test_content_md5() -> None:
    digest = hashlib.md5(b"hello", usedforsecurity=False).digest()
    text = base64.b64encode(digest).decode()
    assert checksums.content_md5({}) is None
    assert checksums.content_md5({"content-md5": text}) == digest
    for wrong in ("", "YWJyYWNhZGFicmE=", text[:-1], "rL0Y20zC+Fzt72VPzMSk2A", digest.hex()):
        headers = {"content-md5": wrong}
        refused("InvalidDigest", lambda headers=headers: checksums.content_md5(headers))


@pytest.mark.parametrize(
    ("algorithm", "asked", "expected"),
    [
        ("CRC32", None, ChecksumType.COMPOSITE),
        ("CRC32C", None, ChecksumType.COMPOSITE),
        ("CRC32", "FULL_OBJECT", ChecksumType.FULL_OBJECT),
        ("CRC32C", "full_object", ChecksumType.FULL_OBJECT),
        ("CRC64NVME", None, ChecksumType.FULL_OBJECT),
        ("SHA1", None, ChecksumType.COMPOSITE),
        ("SHA256", "COMPOSITE", ChecksumType.COMPOSITE),
    ],
)
def test_types_of_uploads_in_parts(
    algorithm: str, asked: str | None, expected: ChecksumType
) -> None:
    headers = {"x-amz-checksum-algorithm": algorithm}
    if asked is not None:
        headers["x-amz-checksum-type"] = asked
    assert checksums.multipart(headers) == Multipart(algorithm.lower(), expected)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-checksum-type": "COMPOSITE"},
        {"x-amz-checksum-algorithm": "MD4"},
        {"x-amz-checksum-algorithm": ""},
        {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "HALF"},
        {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
        {"x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT"},
        {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT"},
    ],
)
def test_types_that_are_refused(headers: dict[str, str]) -> None:
    refused("InvalidRequest", lambda: checksums.multipart(headers))


def test_an_upload_in_parts_need_not_have_a_checksum() -> None:
    assert checksums.multipart({}) is None
