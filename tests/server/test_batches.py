"""Many requests in one: each is answered, refused and told of as if it had come alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from holdall.cli.profiles import Profile
from holdall.s3.batches import LARGEST, LONGEST, MOST, PATH, Part, packed, unpack
from holdall.s3.signing import presign, sign_headers
from tests.server.whole import Whole, control, s3, serving_whole

Headers = Mapping[str, str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture
def box(whole: Whole) -> str:
    name = f"n{uuid4().hex[:12]}"
    s3(whole.profile).create_bucket(Bucket=name)
    return name


def pack(parts: Iterable[Part]) -> bytes:
    return b"".join(map(packed, parts))


def put(path: str, content: bytes = b"", headers: Headers | None = None, query: str = "") -> Part:
    said = {"method": "PUT", "path": path, "query": query, "headers": dict(headers or {})}
    return Part(said, content)


def get(path: str, headers: Headers | None = None, query: str = "") -> Part:
    return Part(
        {"method": "GET", "path": path, "query": query, "headers": dict(headers or {})}, b""
    )


def signed(
    profile: Profile, body: bytes, method: str = "POST", digest: str | None = None
) -> dict[str, str]:
    said = {"host": profile.endpoint.partition("//")[2]}
    hashed = digest or sha256(body).hexdigest()
    key, now = profile.credentials, datetime.now(UTC)
    return said | sign_headers(key, method, PATH, "", said, hashed, profile.region, "s3", now)


async def sent(
    profile: Profile, body: bytes, headers: Headers | None = None
) -> tuple[int, bytes, Headers]:
    said = signed(profile, body) if headers is None else headers
    url = profile.endpoint + PATH
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=BytesIO(body), headers=said) as response,
    ):
        return response.status, await response.read(), response.headers


async def batch(profile: Profile, *parts: Part) -> Sequence[Part]:
    status, body, _ = await sent(profile, pack(parts))
    assert status == 200, body
    return unpack(body)


def statuses(answers: Sequence[Part]) -> list[int]:
    return [answer.said["status"] for answer in answers]


def listed(whole: Whole, box: str) -> list[str]:
    return [
        each["Key"] for each in s3(whole.profile).list_objects_v2(Bucket=box).get("Contents", [])
    ]


async def test_each_is_answered_as_if_alone(whole: Whole, box: str) -> None:
    said = {"content-type": "text/plain", "x-amz-meta-a": "b", "x-amz-tagging": "k=v"}
    made = await batch(whole.profile, put(f"/{box}/one", b"1", said), put(f"/{box}/a%2Fb", b"22"))
    assert statuses(made) == [200, 200]
    asked = {"x-amz-checksum-mode": "ENABLED"}
    read = await batch(whole.profile, get(f"/{box}/a/b"), get(f"/{box}/one", asked))
    assert [answer.content for answer in read] == [b"22", b"1"]
    answer = s3(whole.profile).get_object(Bucket=box, Key="one")  # which asks so too
    alone = answer["ResponseMetadata"]["HTTPHeaders"]
    of_transport = {"x-amz-request-id", "x-amz-id-2", "date", "server", "content-length"}
    expected = {name: alone[name] for name in alone.keys() - of_transport}
    headers = read[1].said["headers"]
    assert {name: headers[name] for name in headers.keys() - of_transport} == expected
    assert made[0].said["headers"]["etag"] == expected["etag"]


async def test_one_that_is_refused_does_not_hinder_the_others(whole: Whole, box: str) -> None:
    answers = await batch(
        whole.profile,
        put(f"/{box}/a", b"1"),
        put("/no-such-bucket/a", b"1"),
        get(f"/{box}/missing"),
        put(f"/{box}/a", b"2", {"if-match": '"nothing-like-it"'}),
        put(f"/{box}/b", b"wrong", {"content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}),
    )
    assert statuses(answers)[:3] == [200, 404, 404]
    assert statuses(answers)[3] in (404, 412)  # either may come first
    assert statuses(answers)[4] == 400
    assert b"<Code>NoSuchBucket</Code>" in answers[1].content
    assert b"<Code>BadDigest</Code>" in answers[4].content
    ids = [answer.said["headers"]["x-amz-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert listed(whole, box) == ["a"]


async def test_of_two_that_must_be_the_first_one_is(whole: Whole, box: str) -> None:
    first = {"if-none-match": "*"}
    answers = await batch(whole.profile, *[put(f"/{box}/k", b"x", first) for _ in range(20)])
    assert sorted(statuses(answers)) == [200] + [412] * 19


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (put("/{box}/k", b"<Tagging/>", query="tagging"), b"NotImplemented"),
        (put("/{box}/k", headers={"x-amz-copy-source": "/{box}/there"}), b"NotImplemented"),
        (put("/made-by-a-batch"), b"NotImplemented"),
        (get("/{box}"), b"NotImplemented"),
        (get("/"), b"NotImplemented"),
        (get("/{box}/there", query="acl"), b"NotImplemented"),
        (put("/{box}/k", b"x", query="partNumber=1&uploadId=u"), b"NotImplemented"),
        (get("/{box}/there", query="uploadId=%zz"), b"InvalidURI"),
        (get(f"{PATH}"), b"NoSuchBucket"),
    ],
)
async def test_only_objects_are_put_and_read(
    whole: Whole, box: str, part: Part, code: bytes
) -> None:
    client = s3(whole.profile)
    client.put_object(Bucket=box, Key="there", Body=b"1")
    said = json.loads(json.dumps(part.said).replace("{box}", box))
    (answer,) = await batch(whole.profile, Part(said, part.content))
    assert code in answer.content
    assert listed(whole, box) == ["there"]
    assert "made-by-a-batch" not in [each["Name"] for each in client.list_buckets()["Buckets"]]


BAD = {
    "another method": Part(
        {"method": "DELETE", "path": "/{box}/k", "query": "", "headers": {}}, b""
    ),
    "no path": Part({"method": "GET", "query": "", "headers": {}}, b""),
    "a path without slash": get("box/k"),
    "a path with a query": get("/{box}/k?acl"),
    "a path with a line": get("/{box}/k HTTP/1.1\r\nx: y"),
    "a path that is no text": Part({"method": "GET", "path": 1, "query": "", "headers": {}}, b""),
    "a query with a line": get("/{box}/k", query="a=b\nc"),
    "a host": put("/{box}/k", headers={"host": "elsewhere"}),
    "a signature": put("/{box}/k", headers={"authorization": "AWS4-HMAC-SHA256 x"}),
    "a session": put("/{box}/k", headers={"x-amz-security-token": "t"}),
    "a length": put("/{box}/k", b"12", {"content-length": "1"}),
    "another user agent": put("/{box}/k", headers={"user-agent": "x"}),
    "a header in upper case": put("/{box}/k", headers={"Host": "elsewhere"}),
    "a header with a line": put(
        "/{box}/k", headers={"x-amz-meta-a": "b\r\nx-amz-acl: public-read"}
    ),
    "a name with a colon": put("/{box}/k", headers={"x-amz-meta-a: b": "c"}),
    "a header that is no text": Part(
        {"method": "PUT", "path": "/{box}/k", "query": "", "headers": {"a": 1}}, b""
    ),
    "headers in a list": Part(
        {"method": "PUT", "path": "/{box}/k", "query": "", "headers": []}, b""
    ),
    "too long a content": put("/{box}/k", bytes(LONGEST + 1)),
    "a wide character": put("/{box}/k", headers={"x-amz-meta-a": "\u20ac"}),
}


@pytest.mark.parametrize("what", BAD)
async def test_a_batch_with_anything_odd_is_not_begun(whole: Whole, box: str, what: str) -> None:
    said, content = BAD[what]
    odd = Part(json.loads(json.dumps(said).replace("{box}", box)), content)
    status, body, _ = await sent(whole.profile, pack([put(f"/{box}/good", b"x"), odd]))
    assert (status, b"<Code>InvalidRequest</Code>" in body) == (400, True), body
    assert listed(whole, box) == []


@pytest.mark.parametrize("body", [b"x", b"[" * 100_000 + b"\n", b'{"size": 9}\n', b"\xff\n"])
async def test_what_is_no_batch_is_refused(whole: Whole, body: bytes) -> None:
    status, said, _ = await sent(whole.profile, body)
    assert (status, b"<Code>InvalidRequest</Code>" in said) == (400, True)


async def test_its_size_has_limits(whole: Whole, box: str) -> None:
    many = [get(f"/{box}/k")] * (MOST + 1)
    assert (await sent(whole.profile, pack(many)))[0] == 400
    assert statuses(await batch(whole.profile, *many[1:])) == [404] * MOST
    status, said, _ = await sent(whole.profile, bytes(LARGEST + 1))
    assert (status, b"<Code>MaxMessageLengthExceeded</Code>" in said) == (400, True)


async def test_what_is_too_long_to_come_along_has_to_be_asked_for(whole: Whole, box: str) -> None:
    client = s3(whole.profile)
    for size in (LONGEST, LONGEST + 1, 1024 * 1024):
        client.put_object(Bucket=box, Key=str(size), Body=bytes(size))
    sizes = (LONGEST, LONGEST + 1, 1024 * 1024)
    answers = await batch(whole.profile, *[get(f"/{box}/{size}") for size in sizes])
    assert statuses(answers) == [200, 413, 413]
    assert [len(answer.content) for answer in answers] == [LONGEST, 0, 0]


class TestWhoAsks:
    async def test_nobody_is_answered(self, whole: Whole) -> None:
        status, said, _ = await sent(whole.profile, b"", {"host": "x"})
        assert (status, b"<Code>AccessDenied</Code>" in said) == (403, True)

    async def test_a_signed_address_is_no_signature(self, whole: Whole, box: str) -> None:
        profile, body = whole.profile, pack([put(f"/{box}/k", b"x")])
        host = profile.endpoint.partition("//")[2]
        query = presign(
            *(profile.credentials, "POST", PATH, "", {"host": host}, 60),
            *(profile.region, "s3", datetime.now(UTC)),
        )
        async with (
            aiohttp.ClientSession() as session,
            session.post(profile.endpoint + PATH, params=query, data=body) as response,
        ):
            assert response.status == 403
        assert listed(whole, box) == []

    async def test_the_signature_covers_all_of_it(self, whole: Whole, box: str) -> None:
        good, other = pack([put(f"/{box}/k", b"x")]), pack([put(f"/{box}/k", b"y")])
        status, said, _ = await sent(whole.profile, other, signed(whole.profile, good))
        assert (status, b"<Code>XAmzContentSHA256Mismatch</Code>" in said) == (400, True)
        assert listed(whole, box) == []

    async def test_a_body_that_is_not_signed_is_not_taken(self, whole: Whole, box: str) -> None:
        body = pack([put(f"/{box}/k", b"x")])
        status, said, _ = await sent(
            whole.profile, body, signed(whole.profile, body, digest="UNSIGNED-PAYLOAD")
        )
        assert (status, b"<Code>AccessDenied</Code>" in said) == (403, True)
        assert listed(whole, box) == []

    async def test_it_is_posted_and_nothing_else(self, whole: Whole) -> None:
        headers = signed(whole.profile, b"", "PUT")
        async with (
            aiohttp.ClientSession() as session,
            session.put(whole.profile.endpoint + PATH, headers=headers) as response,
        ):
            assert response.status == 405

    async def test_a_user_gets_what_is_theirs(self, whole: Whole, box: str) -> None:
        async with control(whole.profile) as admin:
            user = f"u{uuid4().hex[:8]}"
            await admin.post("/users", name=user)
            profile = whole.with_key(await admin.post("/keys", user=user))
        own = f"n{uuid4().hex[:12]}"
        s3(profile).create_bucket(Bucket=own)
        s3(whole.profile).put_object(Bucket=box, Key="secret", Body=b"1")
        answers = await batch(
            profile, put(f"/{own}/k", b"x"), put(f"/{box}/k", b"x"), get(f"/{box}/secret")
        )
        assert statuses(answers) == [200, 403, 403]
        assert b"1" not in answers[2].content[:1]
        assert listed(whole, box) == ["secret"]

    async def test_a_key_for_reading_reads(self, whole: Whole, box: str) -> None:
        s3(whole.profile).put_object(Bucket=box, Key="k", Body=b"1")
        async with control(whole.profile) as admin:
            made = await admin.post("/keys", user="admin", read_only=True)
        answers = await batch(whole.with_key(made), get(f"/{box}/k"), put(f"/{box}/k", b"2"))
        assert statuses(answers) == [200, 403]
        assert s3(whole.profile).get_object(Bucket=box, Key="k")["Body"].read() == b"1"

    async def test_policies_see_the_batch(self, whole: Whole, box: str) -> None:
        """Whose agent sent it, how it was signed and that it is not encrypted."""
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
        policy: dict[str, Any] = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    **deny,
                    "Resource": f"arn:aws:s3:::{box}/agent",
                    "Condition": {"StringLike": {"aws:UserAgent": "Python*"}},
                },
                {
                    **deny,
                    "Resource": f"arn:aws:s3:::{box}/tls",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
                {
                    **deny,
                    "Resource": f"arn:aws:s3:::{box}/proof",
                    "Condition": {"StringEquals": {"s3:authType": "REST-HEADER"}},
                },
            ],
        }
        async with control(whole.profile) as admin:
            user = f"u{uuid4().hex[:8]}"
            await admin.post("/users", name=user)
            profile = whole.with_key(await admin.post("/keys", user=user))
        own = s3(profile)
        own.create_bucket(Bucket=f"{box}-p")
        text = json.dumps(policy).replace(f":::{box}/", f":::{box}-p/")
        own.put_bucket_policy(Bucket=f"{box}-p", Policy=text)
        names = ("agent", "tls", "proof", "free")
        answers = await batch(profile, *[put(f"/{box}-p/{name}", b"x") for name in names])
        assert statuses(answers) == [403, 403, 403, 200]


async def test_each_is_counted(whole: Whole, box: str) -> None:
    async def figure(name: str) -> float:
        async with (
            aiohttp.ClientSession() as session,
            session.get(whole.endpoint + "/metrics") as response,
        ):
            lines = (await response.text()).splitlines()
        found = [line for line in lines if line.startswith(name)]
        return sum(float(line.split()[-1]) for line in found)

    puts = 'holdall_requests_total{operation="PutObject",status="200"}'
    batches = 'holdall_requests_total{operation="Batch",status="200"}'
    names = (puts, batches, "holdall_received_bytes_total")
    parts = [put(f"/{box}/{name}", b"x") for name in "abc"]
    before = [await figure(name) for name in names]
    await batch(whole.profile, *parts)
    after = [await figure(name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [3, 1, len(pack(parts))]
    assert await figure("holdall_requests_in_flight") <= 1
