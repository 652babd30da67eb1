"""Whether the bytes that came are those of the checksum that came with them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from holdall.core.checksums import Digester, digester
from holdall.core.errors import Corrupt
from holdall.s3.client.request import Request
from holdall.s3.client.values import Answer

_NAMES: Final = ("crc64nvme", "crc32c", "crc32", "sha256", "sha1")


class Sum:
    """A checksum that was announced, and that of the bytes so far."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self.algorithm = algorithm
        self.expected = expected
        self.digester: Digester = digester(algorithm)

    def demand(self, request: Request) -> None:
        """`Corrupt` unless they are the same."""
        actual = self.digester.digest()
        if actual != self.expected:
            raise Corrupt(
                "The bytes that came are not those of the object's checksum.",
                **request.facts,
                algorithm=self.algorithm,
                expected=self.expected.hex(),
                actual=actual.hex(),
            )


def announced(headers: Mapping[str, str]) -> Sum | None:
    """The checksum of the whole object; one of an upload's parts (`…-7`) says nothing of it."""
    for name in _NAMES:
        value = headers.get(f"x-amz-checksum-{name}")
        if value is not None and "-" not in value:
            try:
                return Sum(name, base64.b64decode(value, validate=True))
            except ValueError:
                continue
    return None


def verify(answer: Answer, request: Request) -> None:
    """Demand it of an answer that was read whole."""
    found = announced(answer.headers)
    if found is not None:
        found.digester.update(answer.content)
        found.demand(request)
