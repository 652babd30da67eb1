"""Temporary: an in-memory backend until the engine's exists."""
from __future__ import annotations
import hashlib
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from holdall.core.errors import *
from holdall.core.sources import chunks
from holdall.core.values import *
from holdall.core.names import encode_key


class FakeReading:
    def __init__(self, revision, data, span):
        self.revision, self.data = revision, data
        s = span or Span()
        self.pieces = [data[i:i + 262144] for i in range(s.start, len(data), 262144)]
    def __aiter__(self): return self
    async def __anext__(self):
        if not self.pieces: raise StopAsyncIteration
        return self.pieces.pop(0)
    async def aclose(self): ...
    async def __aenter__(self): return self
    async def __aexit__(self, *a): ...


class FakeBackend:
    capabilities = Capabilities()
    def __init__(self, owner):
        self.owner = owner; self.buckets = {}; self.data = {}; self.closed = 0
    async def create_bucket(self, name, *, versioning=Versioning.ENABLED):
        if any(b.name == name for b in self.buckets.values()): raise BucketExists("x")
        r = BucketRecord("B" + f"{len(self.buckets):025d}", self.owner, name, datetime.now(UTC), versioning)
        self.buckets[r.id] = r; self.data[r.id] = {}
        return r
    async def get_bucket(self, ref):
        for b in self.buckets.values():
            if ref in (b.id, b.name, f"{b.owner}/{b.name}"): return b
        raise BucketNotFound(ref)
    async def delete_bucket(self, b, *, force=False):
        if self.data[b] and not force: raise BucketNotEmpty("x")
        del self.buckets[b]
    async def list_buckets(self):
        for b in sorted(self.buckets.values(), key=lambda b: b.name or "~"): yield b
    async def set_public_access(self, b, v):
        from dataclasses import replace
        self.buckets[b] = replace(self.buckets[b], public_access=v); return self.buckets[b]
    async def set_versioning(self, b, v):
        from dataclasses import replace
        self.buckets[b] = replace(self.buckets[b], versioning=v); return self.buckets[b]
    async def put(self, b, key, source, *, options=PLAIN):
        encode_key(key)
        async with aclosing(chunks(source)) as it: data = b"".join([c async for c in it])
        revs = self.data[b].setdefault(key, [])
        if options.precondition.if_none_match == "*" and revs and not revs[-1][0].is_marker: raise PreconditionFailed("x")
        r = Revision(key, len(revs), hashlib.md5(key.encode() + bytes([len(revs)])).hexdigest(), len(data), datetime.now(UTC), metadata=options.metadata, content_type=options.content_type or "x/y")
        revs.append((r, data)); return r
    def _get(self, b, key, revision):
        revs = self.data[b].get(key, [])
        if revision is None:
            if not revs or revs[-1][0].is_marker: raise BlobNotFound(key, key=key)
            return revs[-1]
        if isinstance(revision, str): return next(r for r in revs if r[0].version == revision)
        try: return revs[revision]
        except IndexError: raise RevisionNotFound("x") from None
    async def open(self, b, key, *, revision=None, span=None):
        return FakeReading(*self._get(b, key, revision), span)
    async def head(self, b, key, *, revision=None): return self._get(b, key, revision)[0]
    async def delete(self, b, key, *, revision=None, precondition=ALWAYS):
        self._get(b, key, None); revs = self.data[b][key]
        r = Revision(key, len(revs), "m" + str(len(revs)), 0, datetime.now(UTC), is_marker=True)
        revs.append((r, b"")); return r
    async def delete_many(self, b, keys): return [Deletion(k, await self.delete(b, k)) for k in keys]
    async def copy(self, b, k, tb, tk, *, revision=None, options=COPY_ALL): return await self.put(tb, tk, self._get(b, k, revision)[1])
    async def move(self, b, k, tb, tk):
        r = await self.copy(b, k, tb, tk); await self.delete(b, k); return r
    async def list(self, b, *, prefix="", delimiter="", after="", limit=1000, at=None):
        out, seen = [], set()
        for key in sorted(self.data[b], key=str.encode):
            revs = [r for r in self.data[b][key] if at is None or r[0].created_at <= at]
            if not revs or revs[-1][0].is_marker or not key.startswith(prefix): continue
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            e = revs[-1][0] if cut < 0 else CommonPrefix(key[:cut + 1])
            name = key if cut < 0 else e.prefix
            if name.encode() <= after.encode() or name in seen: continue
            if len(out) == limit: return Page(tuple(out), last)
            seen.add(name); out.append(e); last = name
        return Page(tuple(out), None)
    async def revisions(self, b, key, *, after=None, limit=1000):
        revs = [r for r, _ in reversed(self.data[b].get(key, []))]
        return [r for r in revs if after is None or r.number < after][:limit]
    async def restore(self, b, key, revision): return await self.put(b, key, self._get(b, key, revision)[1])
    async def undelete(self, b, key):
        revs = self.data[b].get(key, [])
        if not revs or not revs[-1][0].is_marker: raise Conflict("x")
        revs.pop(); return revs[-1][0]
    async def usage(self, b):
        cur = [r[-1][0] for r in self.data[b].values() if not r[-1][0].is_marker]
        return Usage(len(cur), sum(r.size for r in cur))
    async def aclose(self): self.closed += 1
