"""The containers of an Azure account sit the exam of every backend, as far as Azure goes."""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.storage.blob import (
    AccountSasPermissions,
    ContentSettings,
    ResourceTypes,
    generate_account_sas,
)
from yarl import URL

from holdall.backends.azure import AzureBackend
from holdall.backends.azure.backend import AZURITE
from holdall.backends.azure.naming import check_container_name, check_key
from holdall.backends.protocol import Backend
from holdall.core.errors import (
    BlobNotFound,
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    Busy,
    ChecksumMismatch,
    Conflict,
    InvalidBucketName,
    NotSupported,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    RevisionNotFound,
    StoreError,
)
from holdall.core.values import (
    CopyOptions,
    Precondition,
    PutOptions,
    SourceCondition,
    Span,
    Versioning,
)
from holdall.payloads.azure import Account, AzureClient
from holdall.s3.client.parts import PART
from holdall.s3.client.retrying import Retries
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.backends import BackendTests
from holdall.testing.backends.box import fetch, names

__all__ = ["azurite_server"]

MIB = 1024 * 1024
ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"))


@pytest.fixture
def client(azurite_server: AzuriteServer) -> AzureClient:
    return AzureClient(azurite_server.account, retries=Retries(first=0.01))


@pytest.fixture
async def azure(client: AzureClient) -> AsyncIterator[AzureBackend]:
    backend = AzureBackend(client, capabilities=AZURITE)
    for record in [record async for record in backend.list_buckets()]:
        await backend.delete_bucket(record.id, force=True)
    yield backend
    await backend.aclose()


@pytest.fixture
async def box(azure: AzureBackend) -> AzureBackend:
    await azure.create_bucket("box", versioning=Versioning.OFF)
    return azure


class TestAzurite(BackendTests):
    @pytest.fixture
    def backend(self, azure: AzureBackend) -> Backend:
        return azure


@pytest.mark.parametrize("name", ["ab", "a_b", "a.b", "a--b", "-ab", "ab-", "a" * 64, "ABC"])
def test_names_that_azure_does_not_take(name: str) -> None:
    with pytest.raises(InvalidBucketName):
        check_container_name(name)


@pytest.mark.parametrize(
    "key", [".", "..", "a/../b", "./a", "a.", "a./b", "a\\b", "\0", "a\nb", "\x7f", "\uffff"]
)
def test_keys_that_azure_would_change(key: str) -> None:
    with pytest.raises(NotSupported):
        check_key(key)


async def test_keys_that_azure_keeps(box: AzureBackend) -> None:
    keys = ["//", "/a", "a//b", "a/", " a ", "%2F", "+", "?x#y", "*", "~", "\u0130", "a.b", ".a"]
    for key in keys:
        await box.put("box", key, key.encode())
        assert (await box.copy("box", key, "box", f"copy {key}")).key == f"copy {key}"
    for key in keys:
        assert await fetch(box, key) == await fetch(box, f"copy {key}") == key.encode()
    assert await names(box) == sorted([*keys, *(f"copy {key}" for key in keys)], key=str.encode)


async def test_many_bytes_go_in_blocks(box: AzureBackend) -> None:
    data = os.urandom(PART * 2 + 7)
    chunks = [data[at : at + MIB] for at in range(0, len(data), MIB)]
    said = PutOptions(
        content_type="a/b",
        metadata={"m": "\u00e9"},
        tags={"t": "1"},
        checksums=dict.fromkeys(("md5", "crc32c")),
    )
    made = await box.put("box", "k", chunks, options=said)
    assert made == await box.head("box", "k")
    assert set(made.checksums) == {"md5", "crc32c"}
    assert (made.content_type, made.metadata, made.tags) == ("a/b", {"m": "\u00e9"}, {"t": "1"})
    assert await fetch(box, "k") == data
    wrong = PutOptions(checksums={"sha256": bytes(32)})
    with pytest.raises(ChecksumMismatch):
        await box.put("box", "never", data, options=wrong)
    with pytest.raises(PreconditionFailed):
        await box.put("box", "k", data, options=ONLY_NEW)
    assert await names(box) == ["k"]


async def test_writers_of_one_key_never_mix_their_blocks(box: AzureBackend) -> None:
    contents = [bytes([number]) * (PART + 1) for number in range(4)]
    calls = [box.put("box", "k", content) for content in contents]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert any(not isinstance(result, Exception) for result in results)
    assert await fetch(box, "k") in contents


async def test_who_is_cancelled_stores_nothing(box: AzureBackend) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield bytes(2 * PART)
        begun.set()
        await never.wait()

    task = asyncio.create_task(box.put("box", "k", endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names(box) == []


async def test_plain_metadata_and_tags_are_readable_by_others(
    box: AzureBackend, client: AzureClient
) -> None:
    metadata = {"plain": "a b", "Upper": "x", "tail": "x ", "holdall": "mine", "not-a-name": "1"}
    options = PutOptions(metadata=metadata, tags={"t": "a/b"})
    await box.put("box", "k", b"", options=options)
    assert (await box.head("box", "k")).metadata == metadata
    blob = client.blob("box", "k")
    assert (await blob.get_blob_properties()).metadata["plain"] == "a b"
    assert await blob.get_blob_tags() == {"t": "a/b"}


async def test_metadata_of_others_is_left_alone(box: AzureBackend, client: AzureClient) -> None:
    others = (b"[]", b"null", b'{"metadata": 1}', b'{"tags": []}', b'{"checksums": {"a": "zz"}}')
    for theirs in ("not ours", *(base64.b64encode(each).decode() for each in others)):
        metadata = {"holdall": theirs, "Mine": "1"}
        await client.blob("box", "k").upload_blob(b"x", overwrite=True, metadata=metadata)
        assert (await box.head("box", "k")).metadata == {"Mine": "1"}
        async with await box.open("box", "k") as reading:
            assert reading.revision.metadata == {"Mine": "1"}


async def test_tags_are_azures_own_where_it_takes_them(
    box: AzureBackend, client: AzureClient
) -> None:
    await box.put("box", "k", b"", options=PutOptions(metadata={"m": "\u00e9"}))
    many = {f"t{number}": "1" for number in range(11)}
    for tags in ({"a": "1"}, {"a": "\u65e5"}, {"b": "2"}, many, {}, {"": "empty"}, {"a": "1"}):
        await box.set_tags("box", "k", tags)
        found = await box.head("box", "k")
        assert (found.tags, found.metadata) == (tags, {"m": "\u00e9"})
        assert (await box.list("box")).entries == (found,)
    assert await client.blob("box", "k").get_blob_tags() == {"a": "1"}
    with pytest.raises(BlobNotFound):
        await box.set_tags("box", "never", {"a": "1"})


async def test_a_copy_can_lose_what_was_said(box: AzureBackend) -> None:
    said = PutOptions(content_type="a/b", metadata={"m": "1"}, tags={"t": "1"})
    await box.put("box", "k", b"bytes", options=said)
    bare = await box.copy("box", "k", "box", "bare", options=CopyOptions(metadata={}, tags={}))
    assert (bare.metadata, bare.tags) == ({}, {})
    assert bare == await box.head("box", "bare")


async def test_a_new_content_type_keeps_the_rest(box: AzureBackend, client: AzureClient) -> None:
    settings = ContentSettings("a/b", content_encoding="gzip", cache_control="no-store")
    await client.blob("box", "k").upload_blob(b"not really", content_settings=settings)
    made = await box.copy("box", "k", "box", "to", options=CopyOptions(content_type="c/d"))
    found = (await client.properties("box", "to")).content_settings
    assert (made.content_type, found.content_type) == ("c/d", "c/d")
    assert (found.content_encoding, found.cache_control) == ("gzip", "no-store")
    assert await fetch(box, "to") == b"not really"


async def test_conditions_of_the_source_of_a_copy(box: AzureBackend) -> None:
    source = await box.put("box", "k", b"bytes")
    hour = timedelta(hours=1)
    for good in (
        SourceCondition(if_match=source.etag),
        SourceCondition(if_none_match="other"),
        SourceCondition(if_modified_since=source.created_at - hour),
        SourceCondition(if_match=source.etag, if_unmodified_since=source.created_at - hour),
    ):
        await box.copy("box", "k", "box", "to", options=CopyOptions(source=good))
    for bad in (
        SourceCondition(if_match="other"),
        SourceCondition(if_none_match=source.etag),
        SourceCondition(if_modified_since=source.created_at),
        SourceCondition(if_unmodified_since=source.created_at - hour),
    ):
        with pytest.raises(PreconditionFailed):
            await box.copy("box", "k", "box", "to", options=CopyOptions(source=bad))


async def test_a_source_that_changes_while_it_is_copied(
    box: AzureBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.put("box", "k", b"old")
    head = box.head

    async def late(bucket: str, key: str, **options: object) -> object:
        found = await head(bucket, key)
        await box.put("box", "k", b"new")
        return found

    monkeypatch.setattr(box, "head", late)
    for options in (CopyOptions(), CopyOptions(content_type="c/d")):
        with pytest.raises(Busy):
            await box.copy("box", "k", "box", "to", options=options)
    assert await names(box) == ["k"]


async def test_conditions_by_entity_tag(box: AzureBackend) -> None:
    first = await box.put("box", "k", b"first")
    for condition in (
        Precondition(if_match="other"),
        Precondition(if_match='no "tag"\r\n'),
        Precondition(if_none_match=first.etag),
    ):
        with pytest.raises(PreconditionFailed):
            await box.put("box", "k", b"", options=PutOptions(precondition=condition))
    with pytest.raises(PreconditionFailed):
        await box.delete("box", "k", precondition=Precondition(if_match="other"))
    second = Precondition(if_match=first.etag)
    made = await box.put("box", "k", b"second", options=PutOptions(precondition=second))
    await box.delete("box", "k", precondition=Precondition(if_match=made.etag))
    with pytest.raises(PreconditionFailed):
        await box.delete("box", "k", precondition=Precondition(if_match=made.etag))


async def test_what_azure_cannot_decide_is_refused(box: AzureBackend) -> None:
    for condition in (
        Precondition(expect=0),
        Precondition(if_match_size=1),
        Precondition(if_match_time=datetime.now(UTC)),
        Precondition(if_match="a", if_none_match="b"),
    ):
        with pytest.raises(NotSupported):
            await box.put("box", "k", b"", options=PutOptions(precondition=condition))
    for revision in (1, -2, "other"):
        with pytest.raises(RevisionNotFound):
            await box.head("box", "k", revision=revision)
    assert await names(box) == []


async def test_what_a_bucket_holds_is_said(box: AzureBackend) -> None:
    await box.put("box", "k", b"12345")
    with pytest.raises(BucketNotEmpty) as caught:
        await box.delete_bucket("box")
    assert (caught.value.usage.blobs, caught.value.usage.bytes) == (1, 5)
    with pytest.raises(BucketExists):
        await box.create_bucket("box", versioning=Versioning.OFF)


async def test_public_is_what_anybody_may_read(box: AzureBackend, client: AzureClient) -> None:
    await box.put("box", "k", b"content")
    url, listing = client.blob("box", "k").url, client.container("box").url
    async with aiohttp.ClientSession() as session:

        async def status(address: str) -> int:
            async with session.get(URL(address, encoded=True)) as answer:
                return answer.status

        assert await status(url) in (401, 403, 404)
        await box.set_public_access("box", True)
        assert await status(url) == 200
        assert await status(f"{listing}?restype=container&comp=list") != 200
        await box.set_public_access("box", False)
        assert await status(url) in (401, 403, 404)


async def test_a_signed_url_is_good_for_its_method(box: AzureBackend) -> None:
    key = "a b/\u00e9?%2F"
    put = await box.sign_url("box", key, method="PUT")
    get = await box.sign_url("box", key)
    async with aiohttp.ClientSession() as session:
        sent = {"x-ms-blob-type": "BlockBlob"}
        async with session.put(URL(put, encoded=True), data=b"content", headers=sent) as answer:
            assert answer.status == 201
        async with session.get(URL(get, encoded=True)) as answer:
            assert await answer.read() == b"content"
        async with session.delete(URL(get, encoded=True)) as answer:
            assert answer.status == 403
        late = await box.sign_url("box", key, expires_in=-60)
        async with session.get(URL(late, encoded=True)) as answer:
            assert answer.status == 403
    assert await fetch(box, key) == b"content"
    with pytest.raises(NotSupported):
        await box.sign_url("box", key, method="POST")


async def test_credentials_for_one_bucket(box: AzureBackend) -> None:
    await box.create_bucket("other", versioning=Versioning.OFF)
    await box.put("other", "k", b"not yours")
    access = await box.temporary_credentials("box")
    assert (access.bucket, access.provider) == ("box", "azure")
    assert access.fields.keys() == {"bucket_name", "storage_endpoint", "sas_token", "expiry"}
    left = datetime.fromisoformat(access.fields["expiry"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert access.fields["sas_token"] not in repr(access)
    url, sas = access.fields["storage_endpoint"], access.fields["sas_token"]
    theirs = AzureBackend(AzureClient(Account(url, "", sas=sas)))
    try:
        made = await theirs.put("box", "k", b"content", options=PutOptions(tags={"t": "1"}))
        assert (await fetch(theirs, "k"), await names(theirs)) == (b"content", ["k"])
        assert (await theirs.head("box", "k")).tags == made.tags == {"t": "1"}
        await theirs.delete("box", "k")
        for call in (theirs.head("other", "k"), theirs.put("other", "k", b"")):
            with pytest.raises(PermissionDenied):
                await call
        with pytest.raises(NotSupported):
            await theirs.temporary_credentials("box")
    finally:
        await theirs.aclose()
    with pytest.raises(BucketNotFound):
        await box.temporary_credentials("never")


async def test_a_shared_access_signature_will_do(box: AzureBackend, client: AzureClient) -> None:
    account = client.account
    assert account.key is not None
    sas = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, write=True, list=True, tag=True, create=True, delete=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    other = AzureBackend(AzureClient(Account(account.url, account.name, sas=sas)))
    try:
        assert not other.capabilities.signed_urls
        made = await other.put("box", "k", b"content", options=PutOptions(tags={"t": "1"}))
        assert await fetch(other, "k") == b"content"
        assert (await other.copy("box", "k", "box", "to")).size == 7
        assert (await other.list("box")).entries[0] == made
        with pytest.raises(NotSupported):
            await other.sign_url("box", "k")
    finally:
        await other.aclose()


async def test_a_wrong_key_is_refused(azurite_server: AzuriteServer) -> None:
    account = azurite_server.account
    key = base64.b64encode(b"x" * 64).decode()
    backend = AzureBackend(AzureClient(Account(account.url, account.name, key)))
    try:
        for call in (backend.head("box", "k"), backend.open("box", "k"), backend.list("box")):
            with pytest.raises(PermissionDenied) as caught:
                await call
            assert key not in str(caught.value)
    finally:
        await backend.aclose()


async def test_a_container_with_more_than_a_page(box: AzureBackend) -> None:
    """More than Azure says at once here, so that a listing goes on from where it was."""
    chance = random.Random(4)
    keys = sorted({f"{chance.randrange(10)}/{number:04}" for number in range(600)})
    await asyncio.gather(*(box.put("box", key, b"") for key in keys))
    assert await names(box, limit=1000) == keys
    assert await names(box, limit=130) == keys
    assert await names(box, delimiter="/", limit=3) == [f"{number}/" for number in range(10)]
    assert (await box.usage("box")).blobs == len(keys)


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


def broken_backend(url: str) -> AzureBackend:
    account = Account(url, "tester", base64.b64encode(b"key").decode())
    return AzureBackend(AzureClient(account, retries=Retries(attempts=3, first=0.001)))


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
        backend = broken_backend(str(server.make_url("/tester")))
        with pytest.raises(writing):
            await backend.put("box", "k", b"few", options=ONLY_NEW)
        assert script.methods == ["PUT"], "it is sent once"
        with pytest.raises(writing):
            await backend.delete("box", "k")
        assert script.methods == ["PUT", "DELETE"]
        with pytest.raises(reading):
            await backend.open("box", "k")
        assert script.methods.count("GET") == 3
        with pytest.raises(reading):
            await backend.head("box", "k")
        await backend.aclose()


async def test_nobody_there() -> None:
    backend = broken_backend("http://127.0.0.1:1/tester")
    for call in (
        backend.put("box", "k", b"few", options=ONLY_NEW),
        backend.open("box", "k"),
        backend.list("box"),
    ):
        with pytest.raises(StoreError) as caught:
            await call
        assert not isinstance(caught.value, OutcomeUnknown), "nothing was sent"
    await backend.aclose()


async def test_a_reading_goes_on_after_a_cut(box: AzureBackend) -> None:
    data = os.urandom(3 * MIB)
    await box.put("box", "k", data)
    async with await box.open("box", "k", span=Span(5)) as reading:
        assert reading._download is not None
        got = await anext(reading)
        reading._download._drop()
        assert got + await reading.read() == data[5:]
    async with await box.open("box", "k") as reading:
        assert reading._download is not None
        await anext(reading)
        await box.put("box", "k", b"another")
        reading._download._drop()
        with pytest.raises(Conflict):
            await reading.read()
