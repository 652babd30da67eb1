"""An open blob: a provider's answer to a GET, or nothing where nothing is to be read."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from holdall.core.errors import Closed
from holdall.core.values import Revision


class Download(Protocol):
    """What brings the bytes, and goes on by itself where a connection breaks."""

    async def __anext__(self) -> bytes: ...

    def __aiter__(self) -> Self: ...

    async def aclose(self) -> None: ...


class Held:
    """A `Download` of bytes that have all come."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        content, self._content = self._content, b""
        if not content:
            raise StopAsyncIteration
        return content

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class DownloadReading:
    """Meets `holdall.backends.protocol.Reading`.

    Bytes are compared with the checksum of a whole object, where the provider has one, at its
    end. Another content is never read in its place: `Conflict` when the connection broke and
    the blob is another one now.
    """

    def __init__(
        self, revision: Revision, span: tuple[int, int], download: Download | None
    ) -> None:
        self.revision = revision
        self.span = span
        self._download = download
        self._closed = False

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self])

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise Closed("the reading is closed")
        if self._download is None:
            raise StopAsyncIteration
        return await anext(self._download)

    async def aclose(self) -> None:
        self._closed = True
        if self._download is not None:
            await self._download.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
