"""The bytes of an upload and the checksums they are to be held against."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from holdall.s3 import checksums as wire
from holdall.s3.checksums import Announced
from holdall.server.body import Body
from holdall.server.call import Call

IN_HAND = 64 * 1024
"""Contents up to this many bytes are collected first; a larger one is streamed."""

DEFAULT = "crc64nvme"
"""What S3 computes for an object that comes without a checksum."""


@dataclass(slots=True)
class Received:
    """`checksums` is completed when the body ends: its trailer says what is expected.

    The engine looks at it after it has read the source to its end.
    """

    body: Body
    announced: Announced | None
    checksums: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def algorithm(self) -> str:
        return self.announced.algorithm if self.announced else DEFAULT

    @property
    def attributes(self) -> dict[str, str]:
        """Which of the checksums is shown as the object's own."""
        return {"checksum": self.algorithm, "checksum-type": "FULL_OBJECT"}

    async def source(self) -> bytes | AsyncIterator[bytes]:
        if self.body.length > IN_HAND:
            return self._stream()
        data = await self.body.read(IN_HAND)
        self._take_trailer()
        return data

    async def _stream(self) -> AsyncIterator[bytes]:
        async for piece in self.body:
            yield piece
        self._take_trailer()

    def _take_trailer(self) -> None:
        if self.announced is not None and self.announced.in_trailer:
            expected = wire.from_trailer(self.announced, self.body.trailers)
            self.checksums[self.announced.algorithm] = expected


def receive(call: Call) -> Received:
    """What the headers announce. `InvalidDigest`, `InvalidRequest` for what they get wrong."""
    headers = call.request.headers
    announced = wire.announced(headers)
    received = Received(call.body, announced)
    received.checksums["md5"] = wire.content_md5(headers)
    received.checksums[received.algorithm] = announced.expected if announced else None
    if call.body.sha256 is not None and call.body.length > IN_HAND:
        received.checksums["sha256"] = received.checksums.get("sha256") or call.body.sha256
    return received
