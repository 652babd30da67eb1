"""The buckets of a Google Cloud project sit the exam of every backend, as far as they go."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError, TransportError
from google.oauth2.service_account import Credentials

from holdall.backends.gcs import GcsBackend
from holdall.backends.gcs.backend import FAKE
from holdall.backends.gcs.naming import check_key, check_name
from holdall.backends.gcs.signing import MOST, signed_url
from holdall.backends.protocol import Backend
from holdall.core.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    Busy,
    ChecksumMismatch,
    Conflict,
    InvalidArgument,
    InvalidBucketName,
    NotSupported,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
    StoreError,
)
from holdall.core.values import CopyOptions, Precondition, PutOptions, Span, Usage, Versioning
from holdall.payloads.gcs import GcsClient
from holdall.payloads.gcs.access import Access
from holdall.payloads.gcs.resumable import CHUNK
from holdall.s3.client.retrying import Retries
from holdall.testing.backends import BackendTests
from holdall.testing.backends.box import fetch, names
from holdall.testing.gcs import GcsServer, gcs_server

__all__ = ["gcs_server"]

MIB = 1024 * 1024
ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"))


@pytest.fixture
def client(gcs_server: GcsServer) -> GcsClient:
    url, retries = gcs_server.endpoint_url, Retries(first=0.01)
    return GcsClient(None, gcs_server.project, endpoint=url, retries=retries)


@pytest.fixture
async def gcs(client: GcsClient) -> AsyncIterator[GcsBackend]:
    backend = GcsBackend(client, capabilities=FAKE)
    for record in [record async for record in backend.list_buckets()]:
        await backend.delete_bucket(record.id, force=True)
    yield backend
    await backend.aclose()


@pytest.fixture
async def box(gcs: GcsBackend) -> GcsBackend:
    await gcs.create_bucket("box", versioning=Versioning.OFF)
    return gcs


class TestFakeGcs(BackendTests):
    @pytest.fixture
    def backend(self, gcs: GcsBackend) -> Backend:
        return gcs


@pytest.mark.parametrize("name", ["ab", "goog-x", "my-google", "g00gle", "ABC"])
def test_names_that_google_does_not_take(name: str) -> None:
    with pytest.raises(InvalidBucketName):
        check_name(name)


@pytest.mark.parametrize("key", [".", "..", "a\nb", "\r", ".well-known/acme-challenge/x"])
def test_keys_that_google_does_not_take(key: str) -> None:
    with pytest.raises(NotSupported):
        check_key(key)


async def test_keys_that_google_keeps(box: GcsBackend) -> None:
    keys = ["//", "/a", "a/../b", "./a", "\0", "\t", "\\", "%2F", "+", "?x#y", "\uffff", "k" * 1024]
    copies = [f"{number}" for number in range(len(keys))]
    for key, copy in zip(keys, copies, strict=True):
        await box.put("box", key, key.encode())
        await box.copy("box", key, "box", copy)
        assert await fetch(box, key) == await fetch(box, copy) == key.encode()
    assert await names(box) == sorted([*keys, *copies], key=str.encode)


async def test_many_bytes_go_in_chunks(box: GcsBackend) -> None:
    data = os.urandom(CHUNK * 2 + 7)
    chunks = [data[at : at + MIB] for at in range(0, len(data), MIB)]
    made = await box.put("box", "k", chunks, options=PutOptions(checksums={"crc32c": None}))
    assert made == await box.head("box", "k")
    assert (made.size, set(made.checksums)) == (len(data), {"md5", "crc32c"})
    assert await fetch(box, "k") == data
    wrong = PutOptions(checksums={"sha256": bytes(32)})
    with pytest.raises(ChecksumMismatch):
        await box.put("box", "never", data, options=wrong)


async def test_plain_metadata_is_readable_by_others(box: GcsBackend, client: GcsClient) -> None:
    metadata = {"plain": "a b", "Upper": "x", "tail": "x ", "holdall": "mine", "\u00e9": "1"}
    await box.put("box", "k", b"", options=PutOptions(metadata=metadata, tags={"t": "1"}))
    found = await box.head("box", "k")
    assert (found.metadata, found.tags) == (metadata, {"t": "1"})
    theirs = (await client.found("box", "k"))["metadata"]
    assert theirs.keys() == {"plain", "Upper", "holdall"}
    await box.set_tags("box", "k", {"new": "\u65e5"})
    found = await box.head("box", "k")
    assert (found.metadata, found.tags) == (metadata, {"new": "\u65e5"})


async def test_metadata_of_others_is_left_alone(box: GcsBackend, client: GcsClient) -> None:
    others = (b"[]", b'{"metadata": 1}', b'{"tags": []}', b'{"checksums": {"a": "zz"}}')
    for theirs in ("not ours", *(base64.b64encode(each).decode() for each in others)):
        metadata = {"holdall": theirs, "Mine": "1"}
        said = {"name": "k", "contentType": "a/b", "metadata": metadata}
        await client.insert("box", said, b"x")
        assert (await box.head("box", "k")).metadata == {"Mine": "1"}


async def test_conditions_are_on_generations(box: GcsBackend) -> None:
    first = await box.put("box", "k", b"first")
    assert first.version == first.etag
    for condition in (
        Precondition(if_match="1"),
        Precondition(if_match="no generation"),
        Precondition(if_none_match=first.etag),
        Precondition(if_none_match="*"),
    ):
        with pytest.raises(PreconditionFailed):
            await box.put("box", "k", b"", options=PutOptions(precondition=condition))
    for condition in (
        Precondition(if_match="*"),
        Precondition(if_none_match="no generation"),
        Precondition(if_none_match="1"),
    ):
        await box.put("box", "k", b"second", options=PutOptions(precondition=condition))
    with pytest.raises(PreconditionFailed):
        await box.put(
            "box", "new", b"", options=PutOptions(precondition=Precondition(if_match="*"))
        )
    now = await box.head("box", "k")
    assert (await box.head("box", "k", revision=now.version)).version == now.version
    with pytest.raises(RevisionNotFound):
        await box.head("box", "k", revision=first.version)


async def test_a_source_that_goes_while_it_is_copied(
    box: GcsBackend, client: GcsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.put("box", "k", b"old")
    rewrite = client.rewrite

    async def late(*args: Any) -> object:
        await box.put("box", "k", b"new")
        return await rewrite(*args)

    monkeypatch.setattr(client, "rewrite", late)
    with pytest.raises(Busy):
        await box.copy("box", "k", "box", "to")
    assert await names(box) == ["k"]


async def test_a_copy_keeps_what_we_have_no_word_for(box: GcsBackend, client: GcsClient) -> None:
    said = {"name": "k", "contentType": "a/b", "cacheControl": "no-store"}
    await client.insert("box", said, b"x")
    await box.copy("box", "k", "box", "to", options=CopyOptions(content_type="c/d"))
    found = await client.found("box", "to")
    assert (found["contentType"], found["cacheControl"]) == ("c/d", "no-store")


async def test_a_bucket_that_holds_anything_stays(box: GcsBackend) -> None:
    await box.put("box", "k", b"12345")
    with pytest.raises(BucketNotEmpty):
        await box.delete_bucket("box")
    with pytest.raises(BucketExists):
        await box.create_bucket("box", versioning=Versioning.OFF)
    await box.delete_bucket("box", force=True)


async def test_a_reading_goes_on_after_a_cut(box: GcsBackend) -> None:
    data = os.urandom(3 * MIB)
    await box.put("box", "k", data)
    for span, expected in ((Span(5), data[5:]), (None, data)):
        async with await box.open("box", "k", span=span) as reading:
            assert reading._download is not None
            got = await anext(reading)
            reading._download._drop()
            assert got + await reading.read() == expected
    async with await box.open("box", "k") as reading:
        assert reading._download is not None
        await anext(reading)
        await box.put("box", "k", b"another")
        reading._download._drop()
        with pytest.raises(Conflict):
            await reading.read()


def account() -> tuple[rsa.RSAPrivateKey, Credentials]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    info = {"client_email": "me@p", "private_key": pem.decode(), "token_uri": "https://nowhere"}
    return key, Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]


def test_a_signed_url() -> None:
    key, credentials = account()
    url = signed_url(
        credentials,
        "https://storage.googleapis.com",
        "PUT",
        "box",
        "a b/\u00e9?",
        expires_in=60,
        now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    query = (
        "X-Goog-Algorithm=GOOG4-RSA-SHA256"
        "&X-Goog-Credential=me%40p%2F20260102%2Fauto%2Fstorage%2Fgoog4_request"
        "&X-Goog-Date=20260102T030405Z&X-Goog-Expires=60&X-Goog-SignedHeaders=host"
    )
    base = f"https://storage.googleapis.com/box/a%20b/%C3%A9%3F?{query}&X-Goog-Signature="
    assert url.startswith(base)
    request = (
        f"PUT\n/box/a%20b/%C3%A9%3F\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(request.encode())
    signed = "\n".join(
        (
            "GOOG4-RSA-SHA256",
            "20260102T030405Z",
            "20260102/auto/storage/goog4_request",
            digest.finalize().hex(),
        )
    )
    (signature,) = parse_qs(urlsplit(url).query)["X-Goog-Signature"]
    key.public_key().verify(
        bytes.fromhex(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


async def test_only_who_can_sign_signs(gcs_server: GcsServer) -> None:
    _, credentials = account()
    able = GcsBackend(GcsClient(credentials, endpoint=gcs_server.endpoint_url))
    assert able.capabilities.signed_urls
    assert "X-Goog-Signature=" in await able.sign_url("box", "k")
    for seconds in (0, MOST + 1):
        with pytest.raises(InvalidArgument):
            await able.sign_url("box", "k", expires_in=seconds)
    with pytest.raises(NotSupported):
        await able.sign_url("box", "k", method="POST")
    assert not GcsBackend(GcsClient(None)).capabilities.signed_urls
    with pytest.raises(NotSupported):
        await GcsBackend(GcsClient(None)).sign_url("box", "k")


class Renewed(AnonymousCredentials):
    """Valid from its first renewal on."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.renewals = 0
        self._error = error

    @property
    def valid(self) -> bool:
        return self.renewals > 0

    def refresh(self, request: object) -> None:
        if self._error is not None:
            raise self._error
        self.renewals += 1

    def apply(self, headers: dict[str, str], token: object = None) -> None:
        headers["authorization"] = "Bearer secret"


async def test_a_token_is_renewed_once_for_all() -> None:
    credentials = Renewed()
    access = Access(credentials)
    found = await asyncio.gather(*(access.headers() for _ in range(10)))
    assert found == [{"authorization": "Bearer secret"}] * 10
    assert credentials.renewals == 1


@pytest.mark.parametrize(
    ("theirs", "ours"), [(TransportError, StoreError), (RefreshError, PermissionDenied)]
)
async def test_a_token_that_nobody_gives(theirs: type[Exception], ours: type[Exception]) -> None:
    backend = GcsBackend(GcsClient(Renewed(theirs("x")), endpoint="http://127.0.0.1:1"))
    with pytest.raises(ours):
        await backend.head("box", "k")
    await backend.aclose()


class Generations:
    """A bucket `box` with two generations of `k`, of which one can be asked as Google lets one,
    and fake-gcs-server does not."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.current = True
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.seen.append((request.method, request.path.rpartition("/")[2], {**request.query}))
        if self.status != 200 and request.method != "GET":
            return web.Response(status=self.status)
        listing = request.method == "GET" and request.path.endswith("/o")
        return web.json_response(
            {"items": [self.resource(1), self.resource(2)]} if listing else self.resource(2)
        )

    def resource(self, generation: int) -> dict[str, object]:
        gone = {} if generation == 2 and self.current else {"timeDeleted": "2026-01-02T03:04:06Z"}
        return {
            "name": "k",
            "generation": f"{generation}",
            "metageneration": "7",
            "size": "3",
            "timeCreated": "2026-01-02T03:04:05Z",
            "done": True,
            "resource": {"name": "k", "generation": "3", "size": "3"}
            | {"timeCreated": "2026-01-02T03:04:07Z"},
            **gone,
        }

    def changes(self) -> list[tuple[str, str, dict[str, str]]]:
        return [each for each in self.seen if each[0] != "GET"]


@pytest.fixture
async def google() -> AsyncIterator[tuple[Generations, GcsBackend]]:
    script, app = Generations(), web.Application()
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        backend = GcsBackend(GcsClient(None, endpoint=url, retries=Retries(1)))
        yield script, backend
        await backend.aclose()


async def test_one_generation_goes_for_good(google: tuple[Generations, GcsBackend]) -> None:
    script, backend = google
    for named in ("1", -2):
        script.seen.clear()
        assert await backend.delete("box", "k", revision=named) is None
        assert script.changes() == [("DELETE", "k", {"generation": "1"})]
    script.status = 404
    with pytest.raises(RevisionNotFound):
        await backend.delete("box", "k", revision="1")
    script.seen.clear()
    for named, condition in ((0, Precondition()), ("1", Precondition(if_match="2"))):
        with pytest.raises(NotSupported):
            await backend.delete("box", "k", revision=named, precondition=condition)
    with pytest.raises(RevisionNotFound):
        await backend.delete("box", "k", revision="3")
    assert script.changes() == []


async def test_a_whole_history_goes_by_generation(
    google: tuple[Generations, GcsBackend],
) -> None:
    script, backend = google
    assert await backend.delete_all_revisions("box", "k") == 2
    gone = [query for _, _, query in script.changes()]
    assert [each["generation"] for each in gone] == ["1", "2"], "the newest last"
    script.status = 403
    with pytest.raises(PermissionDenied):
        await backend.delete_all_revisions("box", "k")


async def test_tags_of_one_generation(google: tuple[Generations, GcsBackend]) -> None:
    script, backend = google
    await backend.set_tags("box", "k", {"t": "1"}, revision="1")
    await backend.set_tags("box", "k", {"t": "1"})
    assert [query for _, _, query in script.changes()] == [
        {"generation": "1", "ifMetagenerationMatch": "7"},
        {"ifGenerationMatch": "2", "ifMetagenerationMatch": "7"},
    ]


async def test_what_is_there_again_is_not_undeleted(
    google: tuple[Generations, GcsBackend],
) -> None:
    script, backend = google
    with pytest.raises(Conflict):
        await backend.undelete("box", "k")
    assert script.changes() == []
    script.current = False
    assert (await backend.undelete("box", "k")).version == "3"
    ((_, _, query),) = script.changes()
    assert query == {"sourceGeneration": "2", "ifGenerationMatch": "0"}
    script.status = 412
    with pytest.raises(Conflict):
        await backend.undelete("box", "k")


async def test_what_was_keeps_a_bucket(google: tuple[Generations, GcsBackend]) -> None:
    script, backend = google
    script.current = False
    with pytest.raises(BucketNotEmpty) as caught:
        await backend.delete_bucket("box")
    assert caught.value.usage == Usage(0, 0, 2, 6)
    assert script.changes() == []


class Exchange:
    """Google's token service, as google-auth asks it."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[dict[str, list[str]]] = []

    def __call__(self, url: str, method: str, headers: object, body: bytes) -> Exchange:
        assert (url, method) == ("https://sts.googleapis.com/v1/token", "POST")
        self.asked.append(parse_qs(body.decode()))
        return self

    @property
    def data(self) -> bytes:
        said = {"access_token": "narrow", "expires_in": 1800} if self.status == 200 else {}
        return json.dumps({"error": "invalid_request", **said}).encode()


class Wide(Renewed):
    """Has a token once it was renewed."""

    universe_domain = "googleapis.com"

    @property
    def token(self) -> str | None:
        return "wide" if self.renewals else None

    @token.setter
    def token(self, value: str | None) -> None: ...


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Exchange:
    made = Exchange()
    monkeypatch.setattr("holdall.payloads.gcs.access.Request", lambda: made)
    return made


async def test_a_token_for_one_bucket(gcs_server: GcsServer, exchange: Exchange) -> None:
    client = GcsClient(Wide(), gcs_server.project, endpoint=gcs_server.endpoint_url)
    backend = GcsBackend(client)
    assert backend.capabilities.credentials
    with pytest.raises(BucketNotFound):
        await backend.temporary_credentials("never")
    await client.create_bucket({"name": "boxed"})
    access = await backend.temporary_credentials("boxed")
    await backend.delete_bucket("boxed")
    await backend.aclose()
    (asked,) = exchange.asked
    assert asked["subject_token"] == ["wide"]
    (rule,) = json.loads(unquote(asked["options"][0]))["accessBoundary"]["accessBoundaryRules"]
    assert rule["availableResource"] == "//storage.googleapis.com/projects/_/buckets/boxed"
    assert (access.bucket, access.provider) == ("boxed", "gcp")
    assert access.fields.keys() == {"bucket_name", "project", "access_token", "expire_time"}
    assert (access.fields["access_token"], access.fields["project"]) == ("narrow", "tester")
    left = datetime.fromisoformat(access.fields["expire_time"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert "narrow" not in repr(access)


async def test_a_token_that_is_not_narrowed(gcs_server: GcsServer, exchange: Exchange) -> None:
    exchange.status = 400
    client = GcsClient(Wide(), gcs_server.project, endpoint=gcs_server.endpoint_url)
    await client.create_bucket({"name": "boxed"})
    backend = GcsBackend(client)
    with pytest.raises(PermissionDenied):
        await backend.temporary_credentials("boxed")
    await backend.delete_bucket("boxed")
    await backend.aclose()
    nobody = GcsBackend(GcsClient(None))
    assert not nobody.capabilities.credentials
    with pytest.raises(NotSupported):
        await nobody.temporary_credentials("boxed")


class Policies:
    """A bucket `box` and its policy, which fake-gcs-server does not have."""

    def __init__(self) -> None:
        self.policy: dict[str, Any] = {
            "etag": "1",
            "version": 3,
            "bindings": [
                {"role": "roles/storage.admin", "members": ["user:me"]},
                {
                    "role": "roles/storage.objectViewer",
                    "members": ["allUsers"],
                    "condition": {"expression": "false"},
                },
            ],
        }
        self.readable = True

    async def bucket(self, request: web.Request) -> web.Response:
        return web.json_response({"name": "box", "timeCreated": "2026-01-02T03:04:05.678Z"})

    async def get(self, request: web.Request) -> web.Response:
        assert request.query["optionsRequestedPolicyVersion"] == "3"
        return web.json_response(self.policy) if self.readable else web.Response(status=403)

    async def put(self, request: web.Request) -> web.Response:
        wanted = json.loads(await request.read())
        if wanted["etag"] != self.policy["etag"]:
            return web.Response(status=412)
        self.policy = {**wanted, "etag": str(int(wanted["etag"]) + 1)}
        return web.json_response(self.policy)


async def test_public_is_a_binding_among_others() -> None:
    script = Policies()
    app = web.Application()
    app.router.add_get("/storage/v1/b/box", script.bucket)
    app.router.add_get("/storage/v1/b/box/iam", script.get)
    app.router.add_put("/storage/v1/b/box/iam", script.put)
    async with TestServer(app) as server:
        backend = GcsBackend(GcsClient(None, endpoint=str(server.make_url("")).rstrip("/")))
        before = script.policy["bindings"]
        assert not (await backend.get_bucket("box")).public_access, "its condition never holds"
        assert (await backend.set_public_access("box", True)).public_access
        (added,) = [each for each in script.policy["bindings"] if each not in before]
        assert added == {"role": "roles/storage.legacyObjectReader", "members": ["allUsers"]}
        assert not (await backend.set_public_access("box", False)).public_access
        assert script.policy["bindings"] == before
        script.readable = False
        assert not (await backend.get_bucket("box")).public_access, "nobody was told"
        with pytest.raises(PermissionDenied):
            await backend.set_public_access("box", True)
        await backend.aclose()


class Broken:
    """Takes every request and closes the connection, or answers with a status."""

    def __init__(self, status: int | None) -> None:
        self._status = status
        self.methods: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.methods.append(request.method)
        if self._status is None:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=self._status or 200)


@pytest.mark.parametrize(
    ("status", "writing", "reading"),
    [(None, OutcomeUnknown, StoreError), (500, OutcomeUnknown, StoreError), (503, Busy, Busy)],
)
async def test_a_doubtful_write_is_no_failed_condition(
    status: int | None, writing: type[Exception], reading: type[Exception]
) -> None:
    script = Broken(status)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server:
        url, retries = str(server.make_url("")).rstrip("/"), Retries(attempts=3, first=0.001)
        backend = GcsBackend(GcsClient(None, endpoint=url, retries=retries))
        with pytest.raises(writing):
            await backend.put("box", "k", b"few", options=ONLY_NEW)
        with pytest.raises(writing):
            await backend.delete("box", "k")
        assert script.methods == ["POST", "DELETE"], "each is sent once"
        with pytest.raises(writing):
            await backend.put("box", "k", b"few")
        assert script.methods.count("POST") == 4, "without a condition it may be sent again"
        with pytest.raises(reading):
            await backend.head("box", "k")
        assert script.methods.count("GET") == 3
        await backend.aclose()


async def test_nobody_there() -> None:
    retries = Retries(attempts=2, first=0.001)
    backend = GcsBackend(GcsClient(None, endpoint="http://127.0.0.1:1", retries=retries))
    for call in (backend.put("box", "k", b"", options=ONLY_NEW), backend.open("box", "k")):
        with pytest.raises(StoreError) as caught:
            await call
        assert not isinstance(caught.value, OutcomeUnknown), "nothing was sent"
    await backend.aclose()
