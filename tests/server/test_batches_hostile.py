"""Batches by those who mean ill or are unlucky: a batch gives nothing that single requests do
not, and costs neither the server nor those who travel along."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import aiohttp
import pytest
from yarl import URL

from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access
from holdall.core.errors import InvalidArgument, OutcomeUnknown
from holdall.core.values import PutOptions
from holdall.s3.batches import LARGEST, LONGEST, MOST, Part
from holdall.s3.client.batching import LANES
from holdall.s3.client.bodies import Body
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Failure
from holdall.s3.signing import Credentials, sign_headers
from tests.s3.test_batching import Server, request, settled, started
from tests.server.test_batches import batch, get, listed, put, sent, statuses
from tests.server.whole import Whole, control, s3, serving_whole

OF_TRANSPORT = {"x-amz-request-id", "x-amz-id-2", "date", "server", "content-length"}
Shown = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture
def box(whole: Whole) -> str:
    name = f"n{uuid4().hex[:12]}"
    s3(whole.profile).create_bucket(Bucket=name)
    return name


async def alone(whole: Whole, part: Part) -> Shown:
    said, content = part
    profile, path, query = whole.profile, said["path"], said["query"]
    headers = {"host": profile.endpoint.partition("//")[2], **said["headers"]}
    digest, now = sha256(content).hexdigest(), datetime.now(UTC)
    key, region = profile.credentials, profile.region
    headers |= sign_headers(key, said["method"], path, query, headers, digest, region, "s3", now)
    url = URL(f"{profile.endpoint}{path}" + (f"?{query}" if query else ""), encoded=True)
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.request(
            said["method"],
            url,
            data=content or None,
            headers=headers,
            skip_auto_headers=("Content-Type",),
        ) as response,
    ):
        found = {name.lower(): value for name, value in response.headers.items()}
        return _shown(response.status, found, await response.read())


async def together(whole: Whole, part: Part) -> Shown:
    (answer,) = await batch(whole.profile, part)
    return _shown(answer.said["status"], answer.said["headers"], answer.content)


def _shown(status: int, headers: dict[str, str], body: bytes) -> Shown:
    """Without what differs between any two requests."""
    kept = {name: headers[name] for name in headers.keys() - OF_TRANSPORT - {"last-modified"}}
    return status, kept, re.sub(rb"<(RequestId|HostId)>[^<]*", b"", body)


FULL = {
    "content-type": "text/plain",
    "x-amz-meta-a": "=?utf-8?b?w6k=?=",
    "x-amz-tagging": "k=v",
    "content-encoding": "aws-chunked,gzip",
    "cache-control": "no-store",
    "x-amz-storage-class": "GLACIER",
}
SAME: dict[str, Part] = {
    "all that is kept": put("/{box}/k", b"abc", FULL),
    "a checksum": put("/{box}/k", b"abc", {"x-amz-checksum-crc32": "NSRBwg=="}),
    "another checksum": put("/{box}/k", b"abc", {"x-amz-checksum-crc32": "AAAAAA=="}),
    "a trailer": put("/{box}/k", b"abc", {"x-amz-trailer": "x-amz-checksum-crc32"}),
    "a lock": put("/{box}/k", b"abc", {"x-amz-object-lock-legal-hold": "ON"}),
    "a list": put("/{box}/k", b"abc", {"x-amz-acl": "public-read"}),
    "another owner": put("/{box}/k", b"abc", {"x-amz-expected-bucket-owner": "1" * 12}),
    "an offset": put("/{box}/k", b"abc", {"x-amz-write-offset-bytes": "0"}),
    "a version": put("/{box}/k", b"abc", query="versionId=null"),
    "too long a key": put("/{box}/" + "k" * 1025, b"abc"),
    "dots": put("/{box}/../k", b"abc"),
    "an escape that is none": get("/{box}/%zz"),
    "a range": get("/{box}/there", {"range": "bytes=1-"}),
    "a range beyond": get("/{box}/there", {"range": "bytes=9-"}),
    "what it has": get("/{box}/there", {"if-none-match": "*"}),
    "a key of one's own": get(
        "/{box}/there", {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
    ),
    "another type": get("/{box}/there", query="response-content-type=a/b"),
    "an unknown name": get("/{box}/there", query="AWSAccessKeyId=x&foo"),
    "a part": get("/{box}/there", query="partNumber=1"),
}


@pytest.mark.parametrize("what", SAME)
async def test_alone_and_in_a_batch_are_the_same(whole: Whole, what: str) -> None:
    said, content = SAME[what]
    found = list[Shown]()
    for ask in (alone, together):
        name = f"n{uuid4().hex[:12]}"
        client = s3(whole.profile)
        client.create_bucket(Bucket=name)
        client.put_object(Bucket=name, Key="there", Body=b"abc", Tagging="k=v")
        part = Part(json.loads(json.dumps(said).replace("{box}", name)), content)
        status, headers, body = await ask(whole, part)
        found.append((status, headers, body.replace(name.encode(), b"{box}")))
    assert found[0] == found[1]


async def test_a_policy_knows_the_digest(whole: Whole, box: str) -> None:
    digest = sha256(b"banned").hexdigest()
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{box}/*",
        "Condition": {"StringEquals": {"s3:x-amz-content-sha256": digest}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3(whole.profile).put_bucket_policy(Bucket=box, Policy=text)
    part = put(f"/{box}/k", b"banned")
    assert (await alone(whole, part))[0] == 403
    assert statuses(await batch(whole.profile, part)) == [403]


@pytest.mark.parametrize("where", ["headers", "query"])
async def test_what_no_single_request_could_say(whole: Whole, box: str, where: str) -> None:
    """A server takes 64 KiB of headers; what was stored so could never be read alone."""
    much = "x" * 100_000
    odd = put(f"/{box}/k", b"1", {"cache-control": much} if where == "headers" else {})
    odd = odd if where == "headers" else put(f"/{box}/k", b"1", query=f"{much}=")
    line = json.dumps({**odd.said, "size": 1}).encode()
    (status, _, _) = await sent(whole.profile, line + b"\n1")
    assert (status, listed(whole, box)) == (400, [])


async def test_no_more_is_read_than_may_be_done(whole: Whole) -> None:
    """Else 4 MiB of empty parts hold the server up for seconds."""
    _, body, _ = await sent(whole.profile, b'{"size": 0}\n' * (MOST + 1) + b"no JSON\n")
    assert b"more than 64" in body


# the client


@pytest.fixture
async def remote(whole: Whole) -> AsyncIterator[RemoteBackend]:
    credentials = Credentials(whole.profile.access_key, whole.profile.secret_key)
    backend = RemoteBackend(Access(whole.endpoint, credentials, whole.profile.region))
    yield backend
    await backend.aclose()


async def test_who_asks_too_much_is_refused_alone(remote: RemoteBackend, box: str) -> None:
    odd = PutOptions(tags={"a": "x" * LARGEST})
    puts = [remote.put(box, f"k{n}", b"x") for n in range(10)]
    first = [asyncio.ensure_future(each) for each in puts[:LANES]]
    found = await asyncio.gather(
        *first, remote.put(box, "odd", b"x", options=odd), *puts[LANES:], return_exceptions=True
    )
    assert [type(each) for each in found if isinstance(each, Exception)] == [InvalidArgument]


async def test_what_fits_alone_fits_together(remote: RemoteBackend, box: str) -> None:
    wide = "\U00020000"
    tags = {f"{n:02}{wide * 126}": wide * 256 for n in range(10)}
    options = PutOptions(tags=tags)
    await asyncio.gather(
        *[remote.put(box, f"k{n}", bytes(LONGEST), options=options) for n in range(LANES + MOST)]
    )


async def test_closed_before_a_batch_began_nobody_waits_for_ever() -> None:
    lanes = Server().lanes
    tasks = await started(lanes, [request(n) for n in range(LANES + 2)])
    tasks[0].cancel()
    await asyncio.sleep(0)  # its lane is free: the batch is made, and has not begun
    await lanes.aclose()
    await settled()
    waiting = [task for task in tasks[LANES:] if not task.done()]
    for task in tasks:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert waiting == []
    assert [type(each) for each in found[LANES:]] == [Failure] * 2


async def test_closed_on_the_way_a_change_is_in_doubt() -> None:
    """As a request alone is, whose connection is closed under it."""
    lanes = Server().lanes
    tasks = await started(lanes, [request(n) for n in range(LANES)])
    headers = {"if-none-match": "*"}
    new = [Request("PUT", "box", key, headers=headers, body=Body.of(b"x")) for key in "ab"]
    waiting = await started(lanes, new)
    tasks[0].cancel()
    await settled()  # the batch is with the server
    await lanes.aclose()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    tasks[1].cancel()
    await settled()
    told = [each.error if isinstance(each, Failure) else each for each in found]
    assert [type(each) for each in told] == [OutcomeUnknown] * 2


async def test_a_key_for_one_bucket_stays_in_it(whole: Whole, box: str) -> None:
    other = f"{box}-o"
    s3(whole.profile).create_bucket(Bucket=other)
    s3(whole.profile).put_object(Bucket=other, Key="k", Body=b"1")
    async with control(whole.profile) as admin:
        narrow = whole.with_key(await admin.post("/keys", buckets=[box]))
    asked = (put(f"/{box}/k", b"x"), put(f"/{other}/k", b"x"), get(f"/{other}/k"))
    assert statuses(await batch(narrow, *asked)) == [200, 403, 403]
    assert s3(whole.profile).get_object(Bucket=other, Key="k")["Body"].read() == b"1"
