"""provisional"""
from __future__ import annotations
import os, secrets
from pathlib import Path
from holdall.payloads.protocol import PayloadInfo, PayloadMissing
class R:
    def __init__(self, fd, start, end, check): self.fd, self.pos, self.end, self.check = fd, start, end, check
    def __aiter__(self): return self
    async def __anext__(self):
        b = os.pread(self.fd, min(1 << 20, self.end - self.pos), self.pos) if self.pos < self.end else b""
        if not b: raise StopAsyncIteration
        if self.check: self.check(b, self.pos)
        self.pos += len(b); return b
    async def aclose(self):
        if self.fd >= 0: os.close(self.fd); self.fd = -1
class W:
    def __init__(self, root, path): self.root, self.path = root, path; self.fd = os.open(path, os.O_RDWR | os.O_CREAT)
    async def write(self, c): os.write(self.fd, c)
    async def finish(self, id):
        os.fsync(self.fd); os.link(self.path, self.root / "payloads" / id)
        d = os.open(self.root / "payloads", 0); os.fsync(d); os.close(d)
    async def aclose(self):
        if self.fd >= 0: os.close(self.fd); self.fd = -1; os.unlink(self.path)
class LocalPayloads:
    def __init__(self, root: Path, *, fsync: bool = True) -> None:
        self.root = root
        for n in ("staging", "payloads"): (root / n).mkdir(exist_ok=True)
    async def begin(self): return W(self.root, self.root / "staging" / secrets.token_hex(8))
    async def read(self, id, start, end, check=None):
        try: return R(os.open(self.root / "payloads" / id, os.O_RDONLY), start, end, check)
        except FileNotFoundError: raise PayloadMissing from None
    async def delete(self, ids):
        for i in ids: (self.root / "payloads" / i).unlink(missing_ok=True)
    async def list(self):
        for p in (self.root / "payloads").iterdir(): yield PayloadInfo(p.name, p.stat().st_size)
    async def sweep(self): return 0
    async def aclose(self): pass
