"""What a driver that keeps payload bytes must do. It knows no names and no versions."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from holdall.core.checksums import BLOCK as BLOCK

Check = Callable[[bytes, int], None]
"""Given a chunk and its offset in the payload; raises when the bytes are not to be used."""


@dataclass(frozen=True, slots=True)
class PayloadInfo:
    """One stored payload, as `list` saw it. `size` is in bytes."""

    id: str
    size: int


class PayloadReading(Protocol):
    """An open range of one payload: an async iterator of non-empty chunks of bytes.

    The bytes stay readable until `aclose`, whatever happens to the payload meanwhile.
    Chunks start at multiples of `BLOCK` from the start of the range and are a multiple
    of `BLOCK` long, the last one excepted. Ends early, without error, where the stored
    payload is shorter than the range: the caller knows the length and judges.
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None:
        """Let go. Harmless when repeated."""


class PayloadWriting(Protocol):
    """Bytes on their way into the store, invisible until `finish` returns."""

    async def write(self, chunk: bytes) -> None:
        """Append. Any length. Returns when the store is ready for more."""

    async def finish(self, id: str) -> None:
        """Make the bytes durable under `id`: returns only when a power cut cannot lose them.

        `id` was never used before. Raises `StorageFull` and leaves nothing behind when
        there is no room. After any error the payload does not exist under `id`, or exists
        whole; the caller, who committed the intent first, deletes it either way.
        """

    async def aclose(self) -> None:
        """Let go; without a `finish` before it, forget the bytes. Harmless when repeated."""


class PayloadStore(Protocol):
    """A place for payloads: written once under a fresh id, never overwritten.

    An id is 1 to 64 characters of `[0-9a-z-]`, chosen by the engine.
    """

    async def begin(self) -> PayloadWriting:
        """Start a payload. Its id is named when it is finished."""

    async def read(
        self, id: str, start: int, end: int, check: Check | None = None
    ) -> PayloadReading:
        """Open bytes `start` (inclusive) to `end` (exclusive) of a payload.

        Raises `PayloadMissing` when there is none of this id. `check` sees each chunk, in
        order or ahead of it, perhaps in another thread and several at once, before the
        chunk is handed out; what it raises comes out of `__anext__` in the chunk's place,
        and again from every later one.
        """

    async def delete(self, ids: Iterable[str]) -> None:
        """Delete payloads; those that are not there are no error."""

    def list(self) -> AsyncIterable[PayloadInfo]:
        """All finished payloads, in no order."""

    async def sweep(self) -> int:
        """Remove what writers that are no longer alive left unfinished; how many."""

    async def aclose(self) -> None:
        """Let go of threads and descriptors. Harmless when repeated."""


class PayloadMissing(Exception):
    """There is no payload of this id. Never leaves the engine."""
