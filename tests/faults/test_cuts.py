"""A connection cut once, at every place of every request that an operation makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from holdall.backends.s3 import S3Backend
from holdall.core.errors import BlobNotFound, OutcomeUnknown
from holdall.core.values import CommonPrefix, Span
from holdall.testing.proxy import Answer, Asked, Cut, Fault, Proxy, Silence, Where, at

from .broken import BEFORE, BUCKET, LARGE, MIDDLE, SMALL, read, uploads_left

KEY = "a/key"


@dataclass(frozen=True)
class Operation:
    """What is asked of the backend, what must then be true, and what was there before."""

    run: Callable[[S3Backend], Awaitable[object]]
    found: object
    look: Callable[[S3Backend], Awaitable[object]]
    there: bytes | None = BEFORE


async def stream(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1_000_000):
        yield data[start : start + 1_000_000]


async def put(backend: S3Backend, data: bytes) -> None:
    await backend.put(BUCKET, KEY, stream(data))


async def look(backend: S3Backend) -> bytes | None:
    try:
        return await read(backend, KEY)
    except BlobNotFound:
        return None


async def in_parts(backend: S3Backend) -> None:
    upload = await backend.start_upload(BUCKET, KEY)
    part = await upload.part(1, SMALL)
    again = await backend.resume_upload(BUCKET, KEY, upload.id)
    await again.complete([part])


async def given_up(backend: S3Backend) -> None:
    upload = await backend.start_upload(BUCKET, KEY)
    await upload.part(1, SMALL)
    with suppress(OutcomeUnknown):  # it was over when it was aborted again: by whom?
        await upload.abort()


async def part_of(backend: S3Backend) -> bytes:
    async with await backend.open(BUCKET, KEY, span=Span(1000, len(SMALL) - 1000)) as reading:
        return await reading.read()


async def names(backend: S3Backend) -> list[str]:
    page = await backend.list(BUCKET, delimiter="/")
    inner = await backend.list(BUCKET, prefix="a/")
    return [
        entry.prefix if isinstance(entry, CommonPrefix) else entry.key
        for entry in (*page.entries, *inner.entries)
    ]


async def contents_written(backend: S3Backend) -> list[int]:
    return [each.size for each in await backend.revisions(BUCKET, KEY)]


async def copied(backend: S3Backend) -> bytes:
    return await read(backend, "copy")


OPERATIONS = {
    "put of few bytes": Operation(lambda to: put(to, SMALL), SMALL, look),
    "put of nothing": Operation(lambda to: put(to, b""), b"", look),
    "put in parts": Operation(lambda to: put(to, LARGE), LARGE, look),
    "an upload": Operation(in_parts, SMALL, look),
    "an upload that is aborted": Operation(given_up, BEFORE, look),
    "get": Operation(look, MIDDLE, look, MIDDLE),
    "get of a range": Operation(part_of, SMALL[1000:-1000], part_of, SMALL),
    "list": Operation(names, ["a/", KEY], names),
    "revisions": Operation(contents_written, [len(BEFORE)], contents_written),
    "delete": Operation(lambda to: to.delete_many(BUCKET, [KEY]), None, look),
    "copy": Operation(lambda to: to.copy(BUCKET, KEY, BUCKET, "copy"), SMALL, copied, SMALL),
}

PASSING: dict[str, Fault] = {
    **{where.value: Cut(where) for where in Where},
    "a failure": Answer(500),
    "a failure that is none": Answer(500, done=True),
    "too busy": Answer(503, (("retry-after", "0"),)),
    "a gateway's failure": Answer(502, body=b"<html>Bad Gateway</html>"),
}


async def requests_of(backend: S3Backend, proxy: Proxy, operation: Operation) -> int:
    """How many requests it makes when nothing happens."""
    proxy.choose(lambda _: None)
    await operation.run(backend)
    return len(proxy.asked)


async def prepare(direct: S3Backend, operation: Operation) -> None:
    await direct.delete_many(BUCKET, [KEY, "copy"])
    if operation.there is not None:
        await direct.put(BUCKET, KEY, operation.there)
    revisions = await direct.revisions(BUCKET, KEY)
    for old in revisions[1:]:
        await direct.delete(BUCKET, KEY, revision=old.version)


async def get_over(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, operation: Operation, fault: Fault
) -> None:
    """Demand that the fault, met by one request after the other, makes no difference."""
    await prepare(direct, operation)
    for number in range(await requests_of(backend, proxy, operation)):
        await prepare(direct, operation)
        proxy.choose(at(number, fault))
        result = await operation.run(backend)
        [met] = proxy.met
        assert await operation.look(direct) == operation.found
        if operation.run is operation.look:
            assert result == operation.found
        await forget_the_unknown(direct, met)


async def forget_the_unknown(direct: S3Backend, met: Asked) -> None:
    """An upload that began, and whose id was lost with the answer, nobody can tell from one of
    somebody else: it stays, without parts, until the bucket's lifecycle ends it."""
    if "uploads" not in met.names:
        return
    for left in await uploads_left(direct):
        upload = await direct.resume_upload(BUCKET, KEY, left.id)
        assert await upload.parts() == []
        await upload.abort()


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", OPERATIONS)
async def test_one_fault_at_any_request(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, name: str, fault: str
) -> None:
    await get_over(backend, direct, proxy, OPERATIONS[name], PASSING[fault])


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("name", ["put of few bytes", "get", "list", "delete"])
async def test_one_silence_at_any_request(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, name: str, heard: bool
) -> None:
    await get_over(backend, direct, proxy, OPERATIONS[name], Silence(done=heard))
