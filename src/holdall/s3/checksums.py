"""The checksums of the S3 protocol: how requests announce them, how answers name them.

The rules are those of "Checking object integrity" in the Amazon S3 user guide. Algorithms
go by the lower-case names of `holdall.core.checksums`; values are digests, as bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from holdall.s3.errors import S3Error

LENGTHS: Final = MappingProxyType(
    {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
)
"""Bytes in the digest of each algorithm that S3 headers can name."""

PREFIX: Final = "x-amz-checksum-"
SDK: Final = "x-amz-sdk-checksum-algorithm"
_ABOUT: Final = frozenset({"algorithm", "mode", "type"})
_MD5: Final = 16


class ChecksumType(Enum):
    """What the checksum of a multipart upload covers."""

    COMPOSITE = "COMPOSITE"  # the checksums of the parts
    FULL_OBJECT = "FULL_OBJECT"  # the content, as if it had come in one piece


_TYPES: Final[Mapping[str, tuple[ChecksumType, ...]]] = MappingProxyType(
    {
        "crc32": (ChecksumType.COMPOSITE, ChecksumType.FULL_OBJECT),
        "crc32c": (ChecksumType.COMPOSITE, ChecksumType.FULL_OBJECT),
        "crc64nvme": (ChecksumType.FULL_OBJECT,),
        "sha1": (ChecksumType.COMPOSITE,),
        "sha256": (ChecksumType.COMPOSITE,),
    }
)
"""The types that each algorithm can have, its default first."""


class Announced(NamedTuple):
    """The checksum that the body of a request is to have; `expected` None: see the trailer."""

    algorithm: str
    expected: bytes | None
    in_trailer: bool


class Multipart(NamedTuple):
    """The checksum that an upload in parts is to have."""

    algorithm: str
    type: ChecksumType


def header_name(algorithm: str) -> str:
    """`crc32c` as a header: `x-amz-checksum-crc32c`."""
    return PREFIX + algorithm


def element_name(algorithm: str) -> str:
    """`crc32c` as an element of a body: `ChecksumCRC32C`."""
    return f"Checksum{algorithm.upper()}"


def algorithm_of(text: str) -> str | None:
    """The algorithm that a header (`x-amz-checksum-crc32c`), an element (`ChecksumCRC32C`)
    or a value (`CRC32C`) names, however it is written; None for one that S3 does not know."""
    name = text.strip().lower().removeprefix(PREFIX).removeprefix("checksum")
    return name if name in LENGTHS else None


def encode(digest: bytes, parts: int | None = None) -> str:
    """Base64; of a composite checksum with the number of its parts: `2sfRHA==-3`."""
    text = base64.b64encode(digest).decode()
    return text if parts is None else f"{text}-{parts}"


def decode(algorithm: str, text: str) -> bytes:
    """The digest. `InvalidRequest` for what is not base64 of the right length."""
    return _decoded(algorithm, text, f"Value for {header_name(algorithm)} header is invalid.")


def decode_composite(algorithm: str, text: str) -> tuple[bytes, int | None]:
    """The digest and the number of parts behind it, None without one. `InvalidRequest`."""
    value, dash, count = text.partition("-")
    digest = decode(algorithm, value)
    if not dash:
        return digest, None
    if not (count.isascii() and count.isdigit() and len(count) <= 5):
        raise _invalid(header_name(algorithm))
    return digest, int(count)


def _decoded(algorithm: str, text: str, message: str) -> bytes:
    digest = _from_base64(text)
    if digest is None or len(digest) != LENGTHS[algorithm]:
        raise S3Error("InvalidRequest", message)
    return digest


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def announced(headers: Mapping[str, str]) -> Announced | None:
    """The checksum that a request with a body announces, in a header or for its trailer.

    `InvalidRequest` for several at once, an algorithm that is not known, a value that is
    none, or a word of the SDK's about an algorithm of which there is no checksum.
    """
    values = _values(headers)
    trailers = _trailers(headers) if "x-amz-trailer" in headers else []
    if len(values) + len(trailers) > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    found = _in_header(values) or _in_trailer(trailers)
    _require_word_kept(headers.get(SDK), found)
    return found


def _values(headers: Mapping[str, str]) -> dict[str, str]:
    """Each checksum by the last part of its header's name."""
    return {
        name.removeprefix(PREFIX): headers[name]
        for name in headers
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in _ABOUT
    }


def _in_header(values: Mapping[str, str]) -> Announced | None:
    for name, value in values.items():
        if name not in LENGTHS:
            raise _unsupported(name)
        return Announced(name, decode(name, value), in_trailer=False)
    return None


def _trailers(headers: Mapping[str, str]) -> list[str]:
    names = headers["x-amz-trailer"].lower().split(",")
    found = [name.strip() for name in names if name.strip()]
    if found and not headers.get("x-amz-content-sha256", "").endswith("-TRAILER"):
        raise S3Error(
            "InvalidRequest", "x-amz-trailer needs an x-amz-content-sha256 that has trailers."
        )
    return found


def _in_trailer(names: list[str]) -> Announced | None:
    for name in names:
        algorithm = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or algorithm not in LENGTHS:
            raise S3Error(
                "InvalidRequest", "The value specified in the x-amz-trailer header is not supported"
            )
        return Announced(algorithm, None, in_trailer=True)
    return None


def _require_word_kept(word: str | None, found: Announced | None) -> None:
    if word is None:
        return
    algorithm = algorithm_of(word)
    if algorithm is None or (found is not None and found.algorithm != algorithm):
        raise _invalid(SDK)
    if found is None:
        raise S3Error(
            "InvalidRequest",
            f"{SDK} specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
            "headers were found.",
        )


def _unsupported(name: str) -> S3Error:
    return S3Error("InvalidRequest", f"The checksum algorithm {name!r} is not supported.")


def _invalid(header: str) -> S3Error:
    return S3Error("InvalidRequest", f"Value for {header} header is invalid.")


def from_trailer(announced: Announced, trailers: Mapping[str, str]) -> bytes:
    """The digest that came behind the body. `MalformedTrailerError`, `InvalidRequest`."""
    name = header_name(announced.algorithm)
    text = trailers.get(name)
    if text is None:
        raise S3Error("MalformedTrailerError")
    return _decoded(announced.algorithm, text, f"Value for {name} trailing header is invalid.")


def mismatch(algorithm: str) -> S3Error:
    """The answer to a body that has not the checksum announced."""
    return S3Error(
        "BadDigest",
        f"The {algorithm.upper()} you specified did not match the calculated checksum.",
    )


def content_md5(headers: Mapping[str, str]) -> bytes | None:
    """The digest in Content-MD5; None without one. `InvalidDigest`, for an empty one too."""
    text = headers.get("content-md5")
    if text is None:
        return None
    digest = _from_base64(text)
    if digest is None or len(digest) != _MD5:
        error = S3Error("InvalidDigest", "The Content-MD5 you specified was invalid.")
        error.facts["Content-MD5"] = text
        raise error
    return digest


def multipart(headers: Mapping[str, str]) -> Multipart | None:
    """The checksum that a CreateMultipartUpload asks for; None for none. `InvalidRequest`."""
    name = headers.get("x-amz-checksum-algorithm")
    asked = headers.get("x-amz-checksum-type")
    if name is None:
        if asked is not None:
            raise S3Error(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the "
                "x-amz-checksum-algorithm header.",
            )
        return None
    algorithm = asked_algorithm(name)
    return Multipart(algorithm, checksum_type(algorithm, asked))


def asked_algorithm(name: str) -> str:
    """The algorithm that `x-amz-checksum-algorithm` names. `InvalidRequest`."""
    algorithm = algorithm_of(name)
    if algorithm is None:
        known = ", ".join(sorted(LENGTHS)).upper()
        raise S3Error(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the "
            f"valid types: [{known}]",
        )
    return algorithm


def checksum_type(algorithm: str, asked: str | None) -> ChecksumType:
    """The type asked for, or the algorithm's default. `InvalidRequest`."""
    allowed = _TYPES[algorithm]
    if asked is None:
        return allowed[0]
    try:
        wanted = ChecksumType(asked.strip().upper())
    except ValueError:
        raise _invalid("x-amz-checksum-type") from None
    if wanted not in allowed:
        raise S3Error(
            "InvalidRequest",
            f"The {wanted.value} checksum type cannot be used with the {algorithm} checksum "
            "algorithm.",
        )
    return wanted
