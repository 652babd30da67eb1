"""provisional"""
from __future__ import annotations
import hashlib, zlib
from typing import Any
from awscrt import checksums as crt
BLOCK = 256 * 1024
def crc32c(data: bytes, previous: int = 0) -> int: return int(crt.crc32c(data, previous))
def combine_crc32c(a: int, b: int, n: int) -> int: return int(crt.combine_crc32c(a, b, n))
class Digester:
    def __init__(self, name: str) -> None: self._h = hashlib.new(name)
    def update(self, d: bytes) -> None: self._h.update(d)
    def digest(self) -> bytes: return self._h.digest()
def digester(name: str) -> Digester: return Digester(name)
class BlockSums:
    def __init__(self) -> None:
        self.size = 0; self.crc32c = 0; self._p = bytearray(); self._cur = 0; self._n = 0
    def update(self, chunk: bytes) -> None:
        self.crc32c = crc32c(chunk, self.crc32c); self.size += len(chunk)
        m = memoryview(chunk)
        while len(m):
            part = m[: BLOCK - self._n]
            self._cur = crt.crc32c(bytes(part), self._cur); self._n += len(part); m = m[len(part):]
            if self._n == BLOCK: self._p += self._cur.to_bytes(4, "big"); self._n = self._cur = 0
    @property
    def packed(self) -> bytes: return bytes(self._p) + (self._cur.to_bytes(4, "big") if self._n else b"")
def verify_blocks(chunk: bytes, first_block: int, packed: bytes) -> int | None:
    for i in range(0, len(chunk), BLOCK):
        k = (first_block + i // BLOCK) * 4
        if crc32c(chunk[i : i + BLOCK]).to_bytes(4, "big") != packed[k : k + 4]: return first_block + i // BLOCK
    return None
