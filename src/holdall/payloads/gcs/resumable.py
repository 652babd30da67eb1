"""Many bytes on their way into one object, in chunks that Google keeps until the last one."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import suppress
from typing import Any, Final

from holdall.core.checksums import crc32c
from holdall.core.errors import (
    Busy,
    ChecksumMismatch,
    HoldallError,
    OutcomeUnknown,
    StoreError,
    Timeout,
)
from holdall.payloads.gcs.transport import Call, Transport

CHUNK: Final = 8 * 1024 * 1024
"""Bytes of a chunk: a multiple of 256 KiB, as "Resumable uploads" demands."""

_RANGE: Final = re.compile(r"bytes=0-(\d+)")
_INCOMPLETE: Final = 308


class ResumableUpload:
    """Chunks in their order, each once: after a broken connection Google is asked how far it
    got. Nothing shows before `finish`; what was not finished is cancelled by `aclose`."""

    def __init__(self, transport: Transport, url: str, begun: Call) -> None:
        self._transport = transport
        self._url = url
        self._facts = begun.facts
        self._buffer = bytearray()
        self._sent = 0
        self._crc32c = 0
        self._over = False

    @property
    def size(self) -> int:
        return self._sent + len(self._buffer)

    async def write(self, chunk: bytes) -> None:
        self._crc32c = crc32c(chunk, self._crc32c)
        self._buffer += chunk
        while len(self._buffer) > CHUNK:
            await self._send(CHUNK, "*")

    async def finish(self) -> dict[str, Any]:
        """Make the object. `ChecksumMismatch` when Google holds other bytes than these."""
        found = await self._send(len(self._buffer), str(self.size))
        if found is None:
            raise StoreError("The upload was not taken for finished.", **self._facts)
        self._over = True
        expected = b64encode(self._crc32c.to_bytes(4, "big")).decode()
        if found.get("crc32c") != expected:
            await self._remove(found)
            raise ChecksumMismatch(
                "Other bytes arrived than were sent.",
                **self._facts,
                algorithm="crc32c",
                expected=expected,
                actual=found.get("crc32c"),
            )
        return found

    async def _send(self, size: int, total: str) -> dict[str, Any] | None:
        """Send the first `size` bytes held; the object, once it is made."""
        failures, goal = 0, self._sent + size
        while True:
            before = self._sent
            try:
                found = await self._put(goal - before, total)
                problem: HoldallError = StoreError("Google takes no more.", **self._facts)
            except (Busy, OutcomeUnknown, Timeout) as error:
                problem = error
                found = await self._status()
            if found is not None or (self._sent >= goal and total == "*"):
                return found
            failures = 0 if self._sent > before else failures + 1
            await self._wait(failures, problem)

    async def _wait(self, failures: int, error: HoldallError) -> None:
        if not failures:
            return
        wait = self._transport.retries.wait(failures, None)
        if wait is None:
            raise error
        await self._transport.retries.sleep(wait)

    async def _put(self, size: int, total: str) -> dict[str, Any] | None:
        end = self._sent + size
        range = f"bytes {self._sent}-{end - 1}/{total}" if size else f"bytes */{total}"
        data = bytes(memoryview(self._buffer)[:size])
        return await self._answer(self._call(data, range, once=True))

    async def _status(self) -> dict[str, Any] | None:
        """Ask how far it got; the object, if it is made already ("Check the status")."""
        return await self._answer(self._call(b"", "bytes */*"))

    def _call(self, data: bytes, range: str, *, once: bool = False) -> Call:
        return Call("PUT", self._url, {}, data, {"content-range": range}, self._facts, once)

    async def _answer(self, call: Call) -> dict[str, Any] | None:
        response, body = await self._transport.whole(call)
        if response.status != _INCOMPLETE:
            self._drop(self.size)
            return dict(json.loads(body))
        kept = _RANGE.fullmatch(response.headers.get("range", ""))
        self._drop(0 if kept is None else int(kept[1]) + 1)  # without one nothing was kept
        return None

    def _drop(self, kept: int) -> None:
        """Let go of what Google keeps."""
        if kept < self._sent:
            raise StoreError("Google has lost a part of the upload.", **self._facts)
        del self._buffer[: kept - self._sent]
        self._sent = kept

    async def _remove(self, found: dict[str, Any]) -> None:
        url, generation = found.get("selfLink"), found.get("generation")
        if url and generation:
            with suppress(HoldallError):
                condition = {"ifGenerationMatch": generation}
                await self._transport.whole(Call("DELETE", url, condition, facts=self._facts))

    async def aclose(self) -> None:
        """Cancel it. Google answers 499, which is no error here."""
        self._buffer.clear()
        if not self._over:
            self._over = True
            with suppress(HoldallError):
                await self._transport.whole(Call("DELETE", self._url, facts=self._facts))
