"""The wire client, against a server that does as it is told, and against real ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

import aiohttp
import pytest

from holdall.core import errors
from holdall.core.errors import (
    BlobNotFound,
    BucketNotFound,
    Busy,
    Closed,
    Conflict,
    Corrupt,
    HoldallError,
    InvalidArgument,
    InvalidKey,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
    StoreError,
    Timeout,
    UploadNotFound,
)
from holdall.s3.client import Body, Deleted, Retries, S3Client, SentPart
from holdall.s3.client.address import Address
from holdall.s3.client.failures import Refusal, refused
from holdall.s3.client.request import Request
from holdall.s3.client.sender import Patience
from holdall.s3.client.signed import Signer, made_ready
from holdall.s3.errors import CODES
from holdall.s3.signing import Credentials
from holdall.s3.times import from_amz, to_http
from holdall.s3.verifying import claim, verify
from holdall.s3.xml import NAMESPACE, parse

KEY = Credentials("AKIA", "the-secret", "the-token")
NO_SUCH_KEY = b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"
ODD_KEYS = (
    *("..", ".", "./x", "../x", "a/../b", "a/./b", "x/.", "x/.."),
    *("/", "//", "///", "/a", "//a", "a/", "a//", "a//b", "a///b"),
    *("\0", "a\0b", "\n", "\r\n", "\t", "\x1b[31m", "\x7f", " ", " a ", "\\", "a\\b"),
    *("%", "%2F", "%2e%2e", "+", "?x#y", "*", "[a]", "'", '"', "`$(x)`", "_%", "~"),
    *("\u00e9", "e\u0301", "\u65e5\u672c", "\u202e", "\ufeff", "\uffff", "\U0001f600"),
    *("k" * 1024, "\U0001f600" * 256),
)


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        raw = self.target.partition("?")[2]
        return dict(parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw)))


@dataclass(frozen=True)
class Reply:
    """`sent` cuts the connection after so many bytes of the body; `after` waits for that."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    after: asyncio.Event | asyncio.Barrier | None = None


LOST = Reply(sent=-1)
"""The request is taken, and there is no answer."""


class Script:
    """A server that gives one reply after the other, and the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.seen: list[Seen] = []
        self.written = 0  # bytes of bodies that were handed to the network
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Script]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        async with server:
            yield self
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(Seen(method, target, headers, body))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.after is not None:
            await reply.after.wait()
        if reply.sent == -1:
            return False
        await self._answer(writer, reply, method)
        return reply.sent is None

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply, method: str) -> None:
        said = {"content-length": str(len(reply.body)), "x-amz-request-id": "R1", **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} Whatever", *(f"{k}: {v}" for k, v in said.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        body = b"" if method == "HEAD" else reply.body[: reply.sent]
        for at in range(0, len(body), 65536):
            writer.write(body[at : at + 65536])
            await writer.drain()
            self.written += len(body[at : at + 65536])
        await writer.drain()


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with Script().running() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
async def client(script: Script, waits: list[float]) -> AsyncIterator[S3Client]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client = S3Client(script.url, KEY, retries=Retries(sleep=sleep))
    yield client
    await client.aclose()


def refusal(code: str, **headers: str) -> Reply:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(CODES[code].status, f"<Error><Code>{code}</Code></Error>".encode(), said)


def xml(root: str, content: str = "") -> Reply:
    return Reply(body=f'<{root} xmlns="{NAMESPACE}">{content}</{root}>'.encode())


def check_signature(seen: Seen) -> None:
    """As a server would."""
    raw_path, _, raw_query = seen.target.partition("?")
    found = claim(seen.method, seen.headers, seen.query)
    assert found is not None
    assert found.access_key == KEY.access_key
    verify(
        *(found, seen.method, raw_path.encode(), raw_query.encode(), seen.headers),
        *(KEY.secret_key, datetime.now(UTC)),
    )


class TestAddresses:
    @pytest.mark.parametrize("key", ODD_KEYS)
    async def test_keys_go_over_the_wire_byte_for_byte(
        self, script: Script, client: S3Client, key: str
    ) -> None:
        await client.put("bucket", key, b"")
        path = script.seen[0].path
        assert path.isascii()
        assert path.startswith("/bucket/")
        assert unquote_to_bytes(path.removeprefix("/bucket/")) == key.encode()
        assert path.count("/") == key.count("/") + 2, "slashes stay slashes"
        check_signature(script.seen[0])

    @pytest.mark.parametrize("key", ["", "k" * 1025, "\ud800"])
    async def test_what_is_no_key_is_not_sent(
        self, script: Script, client: S3Client, key: str
    ) -> None:
        with pytest.raises(InvalidKey):
            await client.put("bucket", key, b"")
        assert script.seen == []

    @pytest.mark.parametrize("bucket", ["", "..", "a/b", "a b", "?", "\u00e9", "a\r\nb"])
    async def test_what_is_no_bucket_is_not_sent(
        self, script: Script, client: S3Client, bucket: str
    ) -> None:
        with pytest.raises(InvalidArgument):
            await client.put(bucket, "k", b"")
        assert script.seen == []

    async def test_queries_are_escaped(self, script: Script, client: S3Client) -> None:
        script.replies = [xml("ListBucketResult")]
        await client.list("bucket", prefix="a&b=c+ %\u00e9", delimiter="/", after="//")
        assert script.seen[0].path == "/bucket"
        assert script.seen[0].query == {
            "list-type": "2",
            "encoding-type": "url",
            "max-keys": "1000",
            "prefix": "a&b=c+ %\u00e9",
            "delimiter": "/",
            "start-after": "//",
        }
        assert "prefix=a%26b%3Dc%2B%20%25%C3%A9" in script.seen[0].target
        check_signature(script.seen[0])

    def test_signed_addresses(self) -> None:
        client = S3Client("https://s3.example.org", KEY, path_style=False)
        parts = urlsplit(client.sign_url("GET", "bucket", "a//../b c", expires=60))
        assert parts.netloc == "bucket.s3.example.org"
        assert parts.path == "/a//../b%20c"
        found = claim("GET", {"host": parts.netloc}, dict(parse_qsl(parts.query)))
        assert found is not None
        verify(
            *(found, "GET", parts.path.encode(), parts.query.encode(), {"host": parts.netloc}),
            *(KEY.secret_key, datetime.now(UTC)),
        )

    @pytest.mark.parametrize("bucket", ["a.b", "A-b", "a_b"])
    def test_a_bucket_that_no_host_can_name_goes_into_the_path(self, bucket: str) -> None:
        client = S3Client("https://s3.example.org:99/below/", KEY, path_style=False)
        parts = urlsplit(client.sign_url("GET", bucket, "k", expires=60))
        assert (parts.netloc, parts.path) == ("s3.example.org:99", f"/below/{bucket}/k")

    @pytest.mark.parametrize(
        "url",
        ["", "s3.example.org", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://x:y"],
    )
    def test_what_is_no_endpoint(self, url: str) -> None:
        with pytest.raises(InvalidArgument):
            S3Client(url, KEY)


class TestRequests:
    async def test_bytes_are_signed(self, script: Script, client: S3Client) -> None:
        for data in (b"", b"few", os.urandom(1_000_000)):
            await client.put("bucket", "k", data, headers={"x-amz-meta-a": "b  c"})
            seen = script.seen[-1]
            assert seen.body == data
            assert seen.headers["x-amz-content-sha256"] == hashlib.sha256(data).hexdigest()
            assert seen.headers["x-amz-meta-a"] == "b  c"
            assert "content-type" not in seen.headers, "nobody said one"
            check_signature(seen)

    async def test_a_stream_goes_in_signed_chunks(self, script: Script, client: S3Client) -> None:
        data = os.urandom(300_001)
        pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
        body = Body.stream(pieces, len(data))
        await client.put("bucket", "k", body, headers={"content-encoding": "gzip"})
        seen = script.seen[0]
        check_signature(seen)
        assert seen.headers["x-amz-content-sha256"] == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        assert seen.headers["content-encoding"] == "aws-chunked,gzip"
        assert seen.headers["x-amz-decoded-content-length"] == str(len(data))
        assert b"".join(plain_chunks(seen.body)) == data

    @pytest.mark.parametrize("body", [Body.of(b"data"), Body.stream([b"data"], 4)])
    async def test_over_tls_the_bytes_of_objects_go_unsigned(self, body: Body) -> None:
        address = Address("https", "s3.example.org", "/bucket/k", "")
        signer = Signer(KEY, "us-east-1", datetime.now(UTC))
        request = Request("PUT", "bucket", "k", body=body, payload=True)
        headers, sent = await made_ready(request, address, signer)
        assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
        assert b"".join([chunk async for chunk in sent]) == b"data"
        document = Request("PUT", "bucket", body=Body.of(b"<xml/>"))
        headers, _ = await made_ready(document, address, signer)
        assert headers["x-amz-content-sha256"] == hashlib.sha256(b"<xml/>").hexdigest()

    async def test_without_credentials_nothing_is_signed(self, script: Script) -> None:
        async with S3Client(script.url, None) as anonymous:
            await anonymous.put("bucket", "k", Body.stream([b"abc"], 3))
            with pytest.raises(InvalidArgument):
                anonymous.sign_url("GET", "bucket", "k", expires=60)
        assert script.seen[0].body == b"abc"
        assert not [name for name in script.seen[0].headers if "x-amz" in name or "auth" in name]

    @pytest.mark.parametrize(
        "headers", [{"x-amz-meta-a": "b\r\nc"}, {"a:\n": "b"}, {"a": "\u00e9"}]
    )
    async def test_headers_that_cannot_be_sent(
        self, script: Script, client: S3Client, headers: dict[str, str]
    ) -> None:
        with pytest.raises(InvalidArgument):
            await client.put("bucket", "k", b"", headers=headers)
        assert script.seen == []

    async def test_a_session_that_was_handed_in_stays_open(self, script: Script) -> None:
        async with aiohttp.ClientSession() as session:
            async with S3Client(script.url, KEY, session=session) as client:
                await client.head_bucket("bucket")
            assert not session.closed

    async def test_a_closed_client(self, client: S3Client) -> None:
        await client.head_bucket("bucket")
        await client.aclose()
        await client.aclose()
        with pytest.raises(Closed):
            await client.head_bucket("bucket")

    async def test_redirections_are_not_followed(self, script: Script, client: S3Client) -> None:
        script.replies = [replace(refusal("PermanentRedirect"), headers={"location": script.url})]
        with pytest.raises(InvalidArgument):
            await client.head_bucket("bucket")
        assert len(script.seen) == 1

    async def test_bytes_that_are_stored_compressed_stay_so(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [Reply(body=b"no gzip at all", headers={"content-encoding": "gzip"})]
        async with await client.get("bucket", "k") as download:
            assert await download.read() == b"no gzip at all"
        assert script.seen[0].headers["accept-encoding"] == "identity"

    async def test_secrets_are_not_shown(self, script: Script, client: S3Client) -> None:
        script.replies = [refusal("SignatureDoesNotMatch")]
        with pytest.raises(PermissionDenied) as caught:
            await client.head("bucket", "k")
        shown = f"{caught.value!r} {caught.value.facts} {client!r} {KEY!r}"
        assert not re.search(f"{KEY.secret_key}|{KEY.session_token}|Signature=", shown)


def plain_chunks(body: bytes) -> Iterator[bytes]:
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].partition(b";")[0], 16)
        if not size:
            return
        yield body[end + 2 : end + 2 + size]
        at = end + 2 + size + 2


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("AccessDenied", errors.PermissionDenied),
            ("BadDigest", errors.ChecksumMismatch),
            ("BucketAlreadyOwnedByYou", errors.BucketExists),
            ("BucketNotEmpty", errors.BucketNotEmpty),
            ("EntityTooLarge", errors.InvalidArgument),
            ("InvalidAccessKeyId", errors.PermissionDenied),
            ("InvalidPart", errors.InvalidArgument),
            ("InvalidRange", errors.InvalidArgument),
            ("KeyTooLongError", errors.InvalidKey),
            ("MethodNotAllowed", errors.NotSupported),
            ("NoSuchBucket", errors.BucketNotFound),
            ("NoSuchBucketPolicy", errors.NotFound),
            ("NoSuchKey", errors.BlobNotFound),
            ("NoSuchUpload", errors.UploadNotFound),
            ("NoSuchVersion", errors.RevisionNotFound),
            ("NotImplemented", errors.NotSupported),
            ("PreconditionFailed", errors.PreconditionFailed),
            ("SlowDown", errors.Busy),
            ("StorageFull", errors.StorageFull),
            ("InternalError", errors.StoreError),
        ],
    )
    async def test_each_code_is_an_error_of_ours(
        self, script: Script, client: S3Client, code: str, kind: type[HoldallError]
    ) -> None:
        script.replies = [refusal(code)]
        with pytest.raises(HoldallError) as caught:
            await client.put("bucket", "k", b"")
        error = caught.value
        assert type(error) is kind
        assert (error.code, error.status, error.request_id) == (code, CODES[code].status, "R1")
        assert (error.bucket, error.key) == ("bucket", "k")

    def test_every_code_of_the_table_has_a_kind(self) -> None:
        for code, known in CODES.items():
            assert isinstance(refused(Refusal(known.status, code), {}, {}).error, HoldallError)

    async def test_an_answer_to_head_has_its_status_alone(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [Reply(404)]
        with pytest.raises(BucketNotFound):
            await client.head_bucket("bucket")
        with pytest.raises(BlobNotFound):
            await client.head("bucket", "k")
        with pytest.raises(RevisionNotFound):
            await client.head("bucket", "k", version="v1")

    @pytest.mark.parametrize(
        "body", [b"", b"<Error", b"gibberish", b"<html/>", b"<!DOCTYPE x><Error/>"]
    )
    async def test_an_error_without_a_body_that_can_be_read(
        self, script: Script, client: S3Client, body: bytes
    ) -> None:
        script.replies = [Reply(403, body)]
        with pytest.raises(PermissionDenied):
            await client.list("bucket")

    async def test_a_marker_that_is_read_by_its_version(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [
            Reply(405, headers={"x-amz-delete-marker": "true", "x-amz-version-id": "v7"})
        ]
        with pytest.raises(HoldallError) as caught:
            await client.head("bucket", "k", version="v7")
        assert (caught.value.marker, caught.value.version) == (True, "v7")


class TestRetries:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    async def test_failures_that_may_pass_are_tried_again(
        self, script: Script, client: S3Client, waits: list[float], status: int
    ) -> None:
        script.replies = [Reply(status), Reply(status), Reply(headers={"etag": '"e"'})]
        assert (await client.put("bucket", "k", b"data")).etag == "e"
        assert [seen.body for seen in script.seen] == [b"data"] * 3
        assert len(waits) == 2

    async def test_waits_grow_and_end(
        self, script: Script, client: S3Client, waits: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("random.uniform", lambda low, high: high)
        script.replies = [refusal("InternalError")]
        with pytest.raises(StoreError) as caught:
            await client.head("bucket", "k")
        assert caught.value.code is None, "HEAD has no body"
        assert len(script.seen) == 5
        assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8])

    async def test_refusals_are_not_tried_again(self, script: Script, client: S3Client) -> None:
        for code in ("AccessDenied", "NoSuchKey", "InvalidRequest", "PreconditionFailed"):
            script.seen.clear()
            script.replies = [refusal(code)]
            with pytest.raises(HoldallError):
                await client.put("bucket", "k", b"")
            assert len(script.seen) == 1

    async def test_a_server_that_asks_for_patience_gets_it(
        self, script: Script, client: S3Client, waits: list[float]
    ) -> None:
        date = to_http(datetime.now(UTC) + timedelta(seconds=9))
        script.replies = [
            *(refusal("SlowDown", retry_after="7"), refusal("SlowDown", retry_after=date)),
            *(refusal("SlowDown", retry_after="soon"), Reply()),
        ]
        await client.head_bucket("bucket")
        assert waits[0] == 7
        assert 7 < waits[1] <= 9
        assert waits[2] < 1

    async def test_more_patience_than_we_have(
        self, script: Script, client: S3Client, waits: list[float]
    ) -> None:
        script.replies = [refusal("SlowDown", retry_after="3600")]
        with pytest.raises(Busy) as caught:
            await client.put("bucket", "k", b"")
        assert caught.value.retryable
        assert caught.value.retry_after == 3600, "for whoever has more patience"
        assert waits == []

    async def test_an_answer_that_is_cut_short(self, script: Script, client: S3Client) -> None:
        whole = xml("ListBucketResult", "<Contents><Key>k</Key></Contents>")
        script.replies = [replace(whole, sent=20), LOST, whole]
        assert [entry.key for entry in (await client.list("bucket")).entries] == ["k"]

    @pytest.mark.parametrize("body", [b"<ListBucketResult><Conten", b"", b"<a></b>", b"\xff"])
    async def test_an_answer_that_is_no_xml(
        self, script: Script, client: S3Client, body: bytes
    ) -> None:
        good = xml("ListBucketResult")
        script.replies = [Reply(body=body), good]
        assert (await client.list("bucket")).entries == ()
        script.replies = [Reply(body=body)]
        with pytest.raises(StoreError):
            await client.list("bucket")

    async def test_xml_that_lacks_what_it_must_have(self, script: Script, client: S3Client) -> None:
        script.replies = [xml("ListBucketResult", "<IsTruncated>true</IsTruncated>")]
        with pytest.raises(StoreError):
            await client.list("bucket")
        script.replies = [xml("InitiateMultipartUploadResult")]
        with pytest.raises(OutcomeUnknown):
            await client.create_upload("bucket", "k")

    async def test_an_error_that_hides_behind_a_200(self, script: Script, client: S3Client) -> None:
        done = xml("CompleteMultipartUploadResult", '<ETag>"e-1"</ETag>')
        script.replies = [replace(refusal("InternalError"), status=200), done]
        parts = [SentPart(1, "a")]
        assert (await client.complete_upload("bucket", "k", "u", parts)).etag == "e-1"
        script.replies = [replace(refusal("NoSuchKey"), status=200)]
        with pytest.raises(BlobNotFound):
            await client.copy("bucket", "k", "bucket", "to")

    async def test_nobody_answers(self, client: S3Client, waits: list[float]) -> None:
        async with S3Client("http://127.0.0.1:1", KEY, retries=Retries(2, first=0)) as lonely:
            with pytest.raises(StoreError) as caught:
                await lonely.put("bucket", "k", b"")
        assert not isinstance(caught.value, OutcomeUnknown), "nothing was sent"

    async def test_a_server_that_falls_silent(self, script: Script) -> None:
        script.replies = [Reply(after=asyncio.Event())]
        patience, retries = Patience(idle=0.05), Retries(2, first=0)
        async with S3Client(script.url, KEY, patience=patience, retries=retries) as client:
            with pytest.raises(Timeout):
                await client.head_bucket("bucket")
            with pytest.raises(OutcomeUnknown):
                await client.put("bucket", "k", b"")
        assert len(script.seen) == 4

    async def test_a_deadline(self, script: Script) -> None:
        script.replies = [Reply(after=asyncio.Event())]
        async with S3Client(script.url, KEY, patience=Patience(deadline=0.05)) as client:
            with pytest.raises(Timeout):
                await client.head_bucket("bucket")
            with pytest.raises(OutcomeUnknown):
                await client.put("bucket", "k", b"")

    async def test_a_wrong_clock_is_set(self, script: Script, client: S3Client) -> None:
        late = datetime.now(UTC) + timedelta(hours=5)
        script.replies = [refusal("RequestTimeTooSkewed", date=to_http(late)), Reply()]
        await client.put("bucket", "k", b"data")
        await client.put("bucket", "k", b"data")
        times = [from_amz(seen.headers["x-amz-date"]) for seen in script.seen]
        assert len(times) == 3
        assert [abs(time - late) < timedelta(minutes=1) for time in times if time] == [
            *(False, True, True)
        ]

    async def test_a_wrong_clock_is_set_for_all_that_were_under_way(
        self, script: Script, client: S3Client
    ) -> None:
        date = to_http(datetime.now(UTC) + timedelta(hours=5))
        late = replace(refusal("RequestTimeTooSkewed", date=date), after=asyncio.Barrier(2))
        script.replies = [late, late, Reply()]
        await asyncio.gather(*(client.put("bucket", key, b"data") for key in "ab"))
        assert len(script.seen) == 4

    async def test_a_clock_that_is_right_is_left_alone(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [refusal("RequestTimeTooSkewed", date=to_http(datetime.now(UTC)))]
        with pytest.raises(PermissionDenied):
            await client.put("bucket", "k", b"data")
        assert len(script.seen) == 1


class TestDoubt:
    async def test_a_condition_that_a_lost_success_would_break(
        self, script: Script, client: S3Client
    ) -> None:
        only_new = {"if-none-match": "*"}
        script.replies = [refusal("PreconditionFailed")]
        with pytest.raises(PreconditionFailed):
            await client.put("bucket", "k", b"", headers=only_new)
        for first in (LOST, refusal("InternalError")):
            script.seen.clear()
            script.replies = [first, refusal("PreconditionFailed")]
            with pytest.raises(OutcomeUnknown):
                await client.put("bucket", "k", b"", headers=only_new)
            assert len(script.seen) == 1

    async def test_a_bucket_that_a_lost_request_has_deleted(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [LOST, refusal("NoSuchBucket")]
        with pytest.raises(OutcomeUnknown) as caught:
            await client.delete_bucket("bucket")
        assert caught.value.code == "NoSuchBucket"

    async def test_what_was_refused_for_good_is_in_no_doubt(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [refusal("SlowDown"), refusal("PreconditionFailed")]
        with pytest.raises(PreconditionFailed):
            await client.put("bucket", "k", b"", headers={"if-none-match": "*"})

    async def test_a_completion_whose_answer_was_lost(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [LOST, refusal("NoSuchUpload")]
        with pytest.raises(OutcomeUnknown):
            await client.complete_upload("bucket", "k", "u", [SentPart(1, "a")])
        script.replies = [LOST, refusal("NoSuchUpload")]
        with pytest.raises(UploadNotFound):
            await client.list_parts("bucket", "k", "u")

    async def test_a_change_that_is_never_answered(self, script: Script, client: S3Client) -> None:
        script.replies = [LOST]
        with pytest.raises(OutcomeUnknown):
            await client.put("bucket", "k", b"")
        assert len(script.seen) == 5, "and none of them behind our back"
        with pytest.raises(StoreError) as caught:
            await client.head("bucket", "k")
        assert not isinstance(caught.value, OutcomeUnknown)


class TestStreams:
    async def test_a_stream_is_sent_once(self, script: Script, client: S3Client) -> None:
        for reply in (Reply(500), refusal("SlowDown"), LOST):
            script.seen.clear()
            script.replies = [reply]
            with pytest.raises(HoldallError):
                await client.put("bucket", "k", Body.stream([b"a", b"b"], 2))
            assert len(script.seen) == 1

    async def test_a_file_is_sent_again(
        self, script: Script, client: S3Client, tmp_path: Path
    ) -> None:
        data = bytes(range(256)) * 4000
        (tmp_path / "file").write_bytes(data)
        script.replies = [Reply(503), LOST, Reply()]
        with (tmp_path / "file").open("rb") as file:
            await client.put("bucket", "k", Body.file(file.fileno(), len(data)))
            assert len(script.seen) == 3
            decoded = {seen.headers["x-amz-decoded-content-length"] for seen in script.seen}
            assert decoded == {str(len(data))}
            assert {len(seen.body) > len(data) for seen in script.seen} == {True}, "in chunks"
            with pytest.raises(InvalidArgument):
                await client.put("bucket", "k", Body.file(file.fileno(), len(data) + 1))

    async def test_what_a_source_raises_comes_out(self, script: Script, client: S3Client) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield bytes(100_000)
            raise LookupError("half-way")

        with pytest.raises(LookupError, match="half-way"):
            await client.put("bucket", "k", Body.stream(broken(), 200_000))
        assert script.seen == [], "it never was a whole request"

    @pytest.mark.parametrize("size", [0, 2, 4, 100_000])
    async def test_a_source_of_another_length(
        self, script: Script, client: S3Client, size: int
    ) -> None:
        with pytest.raises(InvalidArgument):
            await client.put("bucket", "k", Body.stream([b"a", b"bc"], size))

    async def test_a_reader_that_waits_holds_the_server_back(
        self, script: Script, client: S3Client
    ) -> None:
        size = 64 * 1024 * 1024
        script.replies = [Reply(body=bytes(size))]
        async with await client.get("bucket", "k") as download:
            await anext(download)
            for _ in range(200):  # many turns of the loop, in which nobody reads
                await asyncio.sleep(0)
            assert script.written < size / 2
            read = 0
            async for chunk in download:
                read += len(chunk)
                assert len(chunk) <= 4 * 1024 * 1024
        assert script.written == size

    async def test_a_sender_waits_for_a_server_that_does(self, client: S3Client) -> None:
        gate, taken = asyncio.Event(), 0

        async def source() -> AsyncIterator[bytes]:
            nonlocal taken
            for _ in range(64):
                taken += 1
                yield bytes(1024 * 1024)

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await gate.wait()
            writer.transport.abort()

        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        url = "http://{}:{}".format(*server.sockets[0].getsockname())
        async with server, S3Client(url, KEY) as sender:
            put = asyncio.create_task(
                sender.put("bucket", "k", Body.stream(source(), 64 * 1024 * 1024))
            )
            before = -1
            while before != taken:
                before = taken
                for _ in range(500):
                    await asyncio.sleep(0)
            assert taken < 32
            gate.set()
            with pytest.raises(HoldallError):
                await put


class TestDownloads:
    DATA = os.urandom(300_000)
    SAID: Mapping[str, str] = {"etag": '"tag"', "last-modified": to_http(datetime.now(UTC))}

    def rest(self, start: int, **changes: object) -> Reply:
        size = len(self.DATA)
        covered = {"content-range": f"bytes {start}-{size - 1}/{size}"}
        reply = Reply(206, self.DATA[start:], {**self.SAID, **covered})
        return replace(reply, **changes)  # type: ignore[arg-type]

    async def test_what_is_said_of_it(self, script: Script, client: S3Client) -> None:
        script.replies = [self.rest(100)]
        async with await client.get("bucket", "k", start=100, version="v") as download:
            assert download.span == (100, len(self.DATA))
            assert (download.head.size, download.head.etag) == (len(self.DATA), "tag")
            assert await download.read() == self.DATA[100:]
            assert await download.read() == b""
        assert script.seen[0].headers["range"] == "bytes=100-"
        assert script.seen[0].query == {"versionId": "v"}
        with pytest.raises(Closed):
            await anext(download)

    @pytest.mark.parametrize("span", [(-1, None), (5, 5), (5, 4)])
    async def test_ranges_that_are_none(
        self, script: Script, client: S3Client, span: tuple[int, int | None]
    ) -> None:
        with pytest.raises(InvalidArgument):
            await client.get("bucket", "k", start=span[0], end=span[1])
        assert script.seen == []

    async def test_a_broken_download_goes_on(self, script: Script, client: S3Client) -> None:
        first = Reply(body=self.DATA, headers=self.SAID, sent=100_000)
        script.replies = [first, Reply(503), self.rest(100_000, sent=50_000), self.rest(150_000)]
        async with await client.get("bucket", "k") as download:
            assert await download.read() == self.DATA
        resumed = [seen.headers.get("range") for seen in script.seen]
        end = len(self.DATA) - 1
        assert resumed == [
            *(None, f"bytes=100000-{end}", f"bytes=100000-{end}", f"bytes=150000-{end}")
        ]
        assert {seen.headers.get("if-match") for seen in script.seen[1:]} == {'"tag"'}

    async def test_two_contents_are_never_spliced(self, script: Script, client: S3Client) -> None:
        first = Reply(body=self.DATA, headers=self.SAID, sent=100_000)
        script.replies = [first, refusal("PreconditionFailed")]
        with pytest.raises(Conflict):
            await (await client.get("bucket", "k")).read()

    async def test_a_server_that_begins_anew(self, script: Script, client: S3Client) -> None:
        first = Reply(body=self.DATA, headers=self.SAID, sent=100_000)
        script.replies = [first, Reply(body=self.DATA, headers=self.SAID)]
        with pytest.raises(StoreError):
            await (await client.get("bucket", "k")).read()

    async def test_without_progress_it_gives_up(
        self, script: Script, client: S3Client, waits: list[float]
    ) -> None:
        first = Reply(body=self.DATA, headers=self.SAID, sent=0)
        script.replies = [first, self.rest(0, sent=0)]
        with pytest.raises(StoreError):
            await (await client.get("bucket", "k")).read()
        assert len(script.seen) == 5
        assert len(waits) == 4

    async def test_progress_is_rewarded(self, script: Script, client: S3Client) -> None:
        step = len(self.DATA) // 10
        first = Reply(body=self.DATA, headers=self.SAID, sent=step)
        cuts = [self.rest(at * step, sent=step) for at in range(1, 9)]
        script.replies = [first, *cuts, self.rest(9 * step)]
        assert await (await client.get("bucket", "k")).read() == self.DATA

    async def test_a_checksum_is_demanded(self, script: Script, client: S3Client) -> None:
        right = base64.b64encode(zlib.crc32(self.DATA).to_bytes(4, "big")).decode()
        wrong = base64.b64encode(bytes(4)).decode()
        for value, fits in ((right, True), (f"{wrong}-7", True), ("?", True), (wrong, False)):
            said = {**self.SAID, "x-amz-checksum-crc32": value}
            cut = Reply(body=self.DATA, headers=said, sent=1000)
            script.replies = [cut, self.rest(1000, headers={**self.rest(1000).headers, **said})]
            download = await client.get("bucket", "k")
            if fits:
                assert await download.read() == self.DATA
            else:
                with pytest.raises(Corrupt) as caught:
                    await download.read()
                assert (caught.value.algorithm, caught.value.key) == ("crc32", "k")
            await download.aclose()

    async def test_connections_come_back(self, script: Script) -> None:
        script.replies = [Reply(body=self.DATA, headers=self.SAID)]
        async with S3Client(script.url, KEY, connections=1) as client:
            for _ in range(3):
                async with await client.get("bucket", "k") as download:
                    await download.read()
                async with await client.get("bucket", "k") as download:
                    await anext(download)
                script.replies = [Reply(404, NO_SUCH_KEY)]
                with pytest.raises(BlobNotFound):
                    await client.get("bucket", "k")
                script.replies = [Reply(body=self.DATA, headers=self.SAID)]


class TestListings:
    async def test_encoded_names_are_decoded(self, script: Script, client: S3Client) -> None:
        encoded = "<EncodingType>url</EncodingType><Contents><Key>a%00+%2B%2F</Key></Contents>"
        script.replies = [xml("ListBucketResult", encoded)]
        assert [entry.key for entry in (await client.list("b")).entries] == ["a\0 +/"]
        plain = "<Contents><Key>a%00+</Key></Contents>"
        script.replies = [xml("ListBucketResult", plain)]
        assert [entry.key for entry in (await client.list("b")).entries] == ["a%00+"]

    async def test_pages(self, script: Script, client: S3Client) -> None:
        def page(key: str, token: str) -> Reply:
            more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
            said = f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>"
            return xml("ListBucketResult", f"{said}{more}<Contents><Key>{key}</Key></Contents>")

        script.replies = [page("a", "t&amp;1"), page("b", "t2"), page("c", "")]
        assert [entry.key async for entry in client.each("bucket")] == ["a", "b", "c"]
        assert [seen.query.get("continuation-token") for seen in script.seen] == [
            *(None, "t&1", "t2")
        ]

    async def test_versions_and_markers_in_order(self, script: Script, client: S3Client) -> None:
        script.replies = [
            xml(
                "ListVersionsResult",
                "<Version><Key>k</Key><VersionId>2</VersionId><IsLatest>false</IsLatest></Version>"
                "<DeleteMarker><Key>k</Key><VersionId>3</VersionId></DeleteMarker>"
                "<Version><Key>l</Key><VersionId>null</VersionId><Size>7</Size></Version>"
                "<IsTruncated>true</IsTruncated><NextKeyMarker>l</NextKeyMarker>"
                "<NextVersionIdMarker>null</NextVersionIdMarker>",
            )
        ]
        page = await client.list_versions("bucket")
        assert [(each.version, each.is_marker, each.is_latest) for each in page.entries] == [
            *(("2", False, False), ("3", True, True), ("null", False, True))
        ]
        assert page.marker == ("l", "null")

    async def test_all_versions_page_by_page(self, script: Script, client: S3Client) -> None:
        first = (
            "<Version><Key>k</Key><VersionId>2</VersionId></Version><IsTruncated>true</IsTruncated>"
            "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>"
        )
        last = "<Version><Key>l</Key><VersionId>null</VersionId></Version>"
        script.replies = [xml("ListVersionsResult", first), xml("ListVersionsResult", last)]
        found = [each.version async for each in client.each_version("bucket", prefix="p")]
        assert found == ["2", "null"]
        assert [seen.query.get("key-marker") for seen in script.seen] == [None, "k"]
        assert [seen.query.get("version-id-marker") for seen in script.seen] == [None, "2"]
        assert {seen.query["prefix"] for seen in script.seen} == {"p"}

    async def test_a_key_that_xml_cannot_hold_spoils_no_answer(
        self, script: Script, client: S3Client
    ) -> None:
        for key in ("a&#x0;b", "a\x01b", "a&#xD800;", "\uffff"):
            said = f"<Key>{key}</Key><UploadId>u</UploadId>"
            script.replies = [xml("InitiateMultipartUploadResult", said)]
            assert await client.create_upload("bucket", "a\0b") == "u"


class TestDeletions:
    async def test_a_thousand_keys_a_request(self, script: Script, client: S3Client) -> None:
        script.replies = [xml("DeleteResult")]
        keys = [f"k<&>{number}" for number in range(2500)]
        assert await client.delete_many("bucket", iter(keys)) == {}
        bodies = [parse(seen.body, "Delete") for seen in script.seen]
        assert [len(list(body.all("Object"))) for body in bodies] == [1000, 1000, 500]
        assert [each.get("Key") for body in bodies for each in body.all("Object")] == keys
        for seen in script.seen:
            digest = hashlib.md5(seen.body, usedforsecurity=False).digest()
            assert base64.b64decode(seen.headers["content-md5"]) == digest

    async def test_keys_that_xml_cannot_hold_go_alone(
        self, script: Script, client: S3Client
    ) -> None:
        script.replies = [xml("DeleteResult")]
        await client.delete_many("bucket", ["a", "\0", ("\uffff", "v1")])
        assert [(seen.method, seen.target) for seen in script.seen] == [
            ("POST", "/bucket?delete="),
            ("DELETE", "/bucket/%00"),
            ("DELETE", f"/bucket/{quote(chr(0xFFFF))}?versionId=v1"),
        ]

    async def test_what_could_not_be_deleted(self, script: Script, client: S3Client) -> None:
        said = "<Error><Key>a</Key><VersionId>v</VersionId><Code>AccessDenied</Code></Error>"
        script.replies = [xml("DeleteResult", said)]
        failed = await client.delete_many("bucket", [("a", "v"), "b"])
        assert list(failed) == [("a", "v")]
        error = failed["a", "v"]
        assert isinstance(error, PermissionDenied)
        assert (error.key, error.revision) == ("a", "v")

    async def test_what_became_of_each(self, script: Script, client: S3Client) -> None:
        date = datetime(2026, 1, 2, tzinfo=UTC)
        said = (
            "<Deleted><Key>a</Key><DeleteMarker>true</DeleteMarker>"
            "<DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>"
            "<Deleted><Key>b</Key><VersionId>v</VersionId></Deleted>"
            "<Error><Key>c</Key><Code>AccessDenied</Code></Error>"
        )
        headers = {"date": to_http(date), "x-amz-version-id": "o", "x-amz-delete-marker": "true"}
        script.replies = [replace(xml("DeleteResult", said), headers=headers)]
        done = await client.delete_each("bucket", ["a", ("b", "v"), "c", "\0"])
        assert parse(script.seen[0].body, "Delete").get("Quiet") == "false"
        assert isinstance(done["c", None], PermissionDenied)
        assert {each: it for each, it in done.items() if isinstance(it, Deleted)} == {
            ("a", None): Deleted(True, "m", date),
            ("b", "v"): Deleted(False, None, date),
            ("\0", None): Deleted(True, "o", date),
        }
