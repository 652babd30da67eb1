"""The works of the client: each prepares its requests, and sends them under the clock."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final
from urllib.parse import quote

from benchmarks.server.connection import Answer
from benchmarks.server.jobs import KEYS_A_PAGE, LARGE, PART, Job, key_of
from benchmarks.server.requests import Request, Signer
from benchmarks.server.timed import Timed

Work = Callable[[Job, Signer, Timed], Awaitable[None]]

_UPLOAD: Final = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_ETAG: Final = re.compile(rb"\r\netag: *(\S+)", re.IGNORECASE)
_NEXT: Final = re.compile(rb"<NextContinuationToken>([^<]+)</NextContinuationToken>")


async def create_bucket(job: Job, sign: Signer, timed: Timed) -> None:
    with timed.clock():
        await timed.ask(sign.request("PUT"))


async def put(job: Job, sign: Signer, timed: Timed) -> None:
    requests = [sign.request("PUT", key_of(each), body=small(job.size)) for each in job.numbers]
    with timed.clock():
        await timed.all(requests)


async def get(job: Job, sign: Signer, timed: Timed) -> None:
    requests = [sign.request("GET", key_of(each)) for each in job.numbers]
    with timed.clock():
        answers = await timed.all(requests)
    wanted = small(job.size)
    _require(all(answer.body == wanted for answer in answers), "other bytes came than were put")


async def head(job: Job, sign: Signer, timed: Timed) -> None:
    requests = [sign.request("HEAD", key_of(each)) for each in job.numbers]
    with timed.clock():
        await timed.all(requests)


async def upload(job: Job, sign: Signer, timed: Timed) -> None:
    """From the first part to the completion; each part is signed and has a CRC-32, as what
    SDKs send over plain HTTP."""
    started = await timed.ask(sign.request("POST", LARGE, "uploads="))
    id = _found(_UPLOAD, started.body)
    parts = [_part(sign, id, number, part(number, job.size)) for number in _numbers(job.size)]
    with timed.clock():
        answers = await timed.all(parts)
        body = _completion(answers)
        await timed.ask(sign.request("POST", LARGE, f"uploadId={quote(id, safe='')}", body))


def _part(sign: Signer, id: str, number: int, data: bytes) -> Request:
    crc = base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()
    query = f"partNumber={number}&uploadId={quote(id, safe='')}"
    return sign.request("PUT", LARGE, query, data, {"x-amz-checksum-crc32": crc})


def _completion(answers: Iterable[Answer]) -> bytes:
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{_found(_ETAG, answer.head)}</ETag></Part>"
        for number, answer in enumerate(answers, 1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


async def download(job: Job, sign: Signer, timed: Timed) -> None:
    """In ranges as large as its parts."""
    ranges = [_range(sign, number, job) for number in _numbers(job.size)]
    with timed.clock():
        answers = await timed.all(ranges)
    for number, answer in enumerate(answers, 1):
        wanted = part(number, job.size)
        _require(answer.received == len(wanted), "other lengths came than were asked for")
        _require(not job.check or answer.body == wanted, "other bytes came than were put")


def _range(sign: Signer, number: int, job: Job) -> Request:
    start = (number - 1) * PART
    end = min(start + PART, job.size) - 1
    return sign.request("GET", LARGE, headers={"range": f"bytes={start}-{end}"}, keep=job.check)


async def list_all(job: Job, sign: Signer, timed: Timed) -> None:
    """`size` keys, in pages of a thousand, one after the other as it has to be."""
    listed, token = 0, ""
    with timed.clock():
        while listed < job.size:
            page = await timed.ask(sign.request("GET", query=_page(token)))
            listed += page.body.count(b"<Key>")
            token = next((found.decode() for found in _NEXT.findall(page.body)), "")
            if not token:
                break
    _require(listed >= job.size, f"{listed} keys were listed, not {job.size}")


def _page(token: str) -> str:
    after = f"continuation-token={quote(token, safe='')}&" if token else ""
    return f"{after}list-type=2&max-keys={KEYS_A_PAGE}"


async def delete(job: Job, sign: Signer, timed: Timed) -> None:
    """A thousand a request, one after the other."""
    requests = [_deletion(sign, some) for some in _batches(job.numbers)]
    with timed.clock():
        answers = await timed.all(requests)
    deleted = sum(answer.body.count(b"<Deleted>") for answer in answers)
    _require(deleted == len(job.numbers), f"{deleted} keys were deleted, not {len(job.numbers)}")


def _deletion(sign: Signer, numbers: Iterable[int]) -> Request:
    objects = "".join(f"<Object><Key>{key_of(each)}</Key></Object>" for each in numbers)
    body = f"<Delete>{objects}</Delete>".encode()
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return sign.request("POST", query="delete=", body=body, headers={"content-md5": md5})


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    left = iter(numbers)
    while batch := list(islice(left, KEYS_A_PAGE)):
        yield batch


def _numbers(size: int) -> range:
    return range(1, -(-size // PART) + 1)


@lru_cache
def small(size: int) -> bytes:
    """The content of every small object."""
    return random.Random(size).randbytes(size)


@lru_cache(maxsize=256)
def part(number: int, size: int) -> bytes:
    """A part of the large object of `size` bytes: bytes that nothing can compress."""
    return random.Random(number).randbytes(min(PART, size - (number - 1) * PART))


def _found(pattern: re.Pattern[bytes], text: bytes) -> str:
    found = pattern.search(text)
    _require(found is not None, f"no {pattern.pattern!r} in {text[:500]!r}")
    assert found is not None
    return found[1].decode()


def _require(is_right: bool, otherwise: str) -> None:
    if not is_right:
        raise RuntimeError(otherwise)


WORKS: Final[dict[str, Work]] = {
    each.__name__: each
    for each in (create_bucket, put, get, head, upload, download, list_all, delete)
}
