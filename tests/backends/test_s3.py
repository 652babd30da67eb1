"""A provider's own buckets sit the exam of every backend, as far as S3 goes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from yarl import URL

from holdall.backends.protocol import Backend
from holdall.backends.s3 import S3Backend, copying
from holdall.backends.s3.providers import HOLDALL, MOTO, SEAWEED
from holdall.core.errors import (
    BucketNotFound,
    ChecksumMismatch,
    Conflict,
    InvalidArgument,
    NotSupported,
    PermissionDenied,
    PreconditionFailed,
    StoreError,
)
from holdall.core.values import (
    COPY_ALL,
    Capabilities,
    CopyOptions,
    Precondition,
    PutOptions,
    Span,
)
from holdall.s3.client import Retries, S3Client, Stored
from holdall.s3.client.parts import PART
from holdall.s3.client.request import Request
from holdall.s3.signing import Credentials
from holdall.server import uploads
from holdall.testing.backends import BackendTests
from holdall.testing.backends.box import fetch, names, needs
from holdall.testing.loopback import PATIENCE, S3Server
from holdall.testing.moto import MotoServer
from holdall.testing.seaweed import SeaweedServer
from holdall.testing.server import Running

MIB = 1024 * 1024
MADE = {"box", "flat"}
"""The buckets that the suite is known to make; `clear` adds those that it meets."""


class S3BackendTests(BackendTests):
    """A subclass gives a fixture `server`, and what that one can do."""

    capabilities: Capabilities

    @pytest.fixture
    async def backend(self, server: S3Server) -> AsyncIterator[Backend]:
        client = S3Client(server.endpoint_url, server.credentials, retries=Retries(first=0.01))
        backend = S3Backend(client, capabilities=self.capabilities)
        await self.clear(backend)
        yield backend
        await backend.aclose()

    async def clear(self, backend: S3Backend) -> None:
        """There is one namespace, and each test wants it empty.

        A busy SeaweedFS lists a bucket late and answers for one that is gone: it counts as
        gone when neither its listing nor its own answer knows it.
        """
        async with asyncio.timeout(PATIENCE):
            while left := await self._left(backend):
                for name in left:
                    with suppress(BucketNotFound):
                        await backend.delete_bucket(name, force=True)
                await asyncio.sleep(0.02)

    async def _left(self, backend: S3Backend) -> set[str]:
        listed = {record.id async for record in backend.list_buckets()}
        MADE.update(listed)
        for name in MADE - listed:
            with suppress(BucketNotFound):
                await backend._client.head_bucket(name)
                listed.add(name)
        return listed

    async def test_many_bytes_go_in_parts(self, box: Backend) -> None:
        data = os.urandom(PART * 2 + 7)
        said = PutOptions(content_type="a/b", metadata={"m": "\u00e9"}, tags={"t": "1"})
        made = await box.put("box", "k", [data[at : at + MIB] for at in range(0, len(data), MIB)])
        assert (made.size, await fetch(box, "k")) == (len(data), data)
        made = await box.put("box", "k", data, options=said)
        assert (made.content_type, made.metadata, made.tags) == ("a/b", {"m": "\u00e9"}, {"t": "1"})
        wrong = PutOptions(checksums={"sha256": bytes(32)})
        with pytest.raises(ChecksumMismatch):
            await box.put("box", "never", data, options=wrong)
        assert await names(box) == ["k"]
        assert [each async for each in client_of(box).each_upload("box")] == []

    async def test_plain_metadata_is_readable_by_others(self, box: Backend) -> None:
        said = {"plain": "a b", "Upper": "x", "tail": "x ", "holdall": "mine"}
        await box.put("box", "k", b"", options=PutOptions(metadata=said))
        assert (await box.head("box", "k")).metadata == said
        assert (await client_of(box).head("box", "k")).metadata["plain"] == "a b"

    async def test_metadata_of_others_is_left_alone(self, box: Backend) -> None:
        others = (b"[]", b"null", b'{"metadata": 1}', b'{"checksums": {"a": "zz"}}', b"[" * 1000)
        for theirs in ("not ours", *(base64.b64encode(each).decode() for each in others)):
            await client_of(box).put("box", "k", b"", headers={"x-amz-meta-holdall": theirs})
            assert (await box.head("box", "k")).metadata == {}

    async def test_a_signed_url_is_good_for_its_method(self, box: Backend) -> None:
        await box.put("box", "a b/\u00e9", b"content")
        url = await box.sign_url("box", "a b/\u00e9")
        async with (
            aiohttp.ClientSession() as session,
            session.get(URL(url, encoded=True)) as answer,
        ):
            assert (answer.status, await answer.read()) == (200, b"content")

    async def test_what_s3_cannot_decide_is_refused(self, box: Backend) -> None:
        for condition in (Precondition(expect=0), Precondition(if_none_match="tag")):
            with pytest.raises(NotSupported):
                await box.put("box", "k", b"", options=PutOptions(precondition=condition))
            with pytest.raises(NotSupported):
                await box.copy("box", "k", "flat", "k", options=CopyOptions(precondition=condition))
        assert await names(box) == []

    @needs("versions")
    async def test_numbers_are_places(self, box: Backend) -> None:
        assert (await box.put("flat", "k", b"")).number == 0
        for data in (b"zero", b"one"):
            assert (await box.put("box", "k", data)).number == -1, "nobody said its place"
        zero = await box.head("box", "k", revision=0)
        assert (zero.number, zero.is_current) == (0, False)
        await box.delete("box", "k", revision=zero.version)
        assert await fetch(box, "k", revision=0) == b"one"

    @needs("versions")
    async def test_each_of_many_deletions_can_be_taken_back(self, box: Backend) -> None:
        for key in ("a", "b"):
            await box.put("box", key, key.encode())
        for done in await box.delete_many("box", ["a", "b"]):
            assert done.marker is not None
            await box.delete("box", done.key, revision=done.marker.version)
            assert await fetch(box, done.key) == done.key.encode()

    @needs("versions")
    async def test_a_bucket_without_its_versioning_is_not_made(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client_of(box), "set_versioning", failing)
        with pytest.raises(StoreError):
            await box.create_bucket("third")
        assert [record.name async for record in box.list_buckets()] == ["box", "flat"]

    async def test_a_copy_keeps_what_others_said(self, box: Backend) -> None:
        client = client_of(box)
        said = {"cache-control": "no-store", "content-disposition": 'attachment; filename="a"'}
        await client.put("box", "k", b"", headers={**said, "content-type": "a/b"})
        for key, options in (("k", COPY_ALL), ("to", COPY_ALL), ("new", CopyOptions(metadata={}))):
            assert (await box.copy("box", "k", "box", key, options=options)).content_type == "a/b"
            assert (await client.head("box", key)).headers.items() >= said.items()

    @needs("conditional_copy")
    async def test_a_copy_is_of_the_newest(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The source is overwritten after it was looked at."""
        client = client_of(box)
        copy, datas = client.copy, [b"second", b"third"]

        async def late(*args: str, **options: Any) -> Stored:
            if datas:
                await client.put("flat", "k", datas.pop(0))
            return await copy(*args, **options)

        monkeypatch.setattr(client, "copy", late)
        await client.put("flat", "k", b"first")
        assert (await box.copy("flat", "k", "box", "to")).size == len(b"third")
        datas += [b"fourth", b"fifth", b"sixth"]
        with pytest.raises(Conflict):
            await box.copy("flat", "k", "box", "never")
        assert await names(box) == ["to"]

    @needs("uploads")
    async def test_parts_as_large_as_amazon_wants_them(self, box: Backend) -> None:
        first, last = os.urandom(5 * MIB), os.urandom(MIB + 1)
        await box.put("flat", "from", first + last)
        upload = await box.start_upload("box", "k")
        await upload.part(1, first)
        await upload.copy_part(2, "flat", "from", span=Span(MIB))
        await upload.copy_part(3, "flat", "from", span=Span(3, 3))
        await upload.complete()
        assert await fetch(box, "k") == first + first[MIB:] + last

    @needs("uploads")
    async def test_a_part_that_was_replaced_is_never_mistaken(self, box: Backend) -> None:
        upload = await box.start_upload("box", "k")
        for data in (b"older", b"new"):
            last = await upload.part(1, data)
        if len(await upload.parts()) > 1:  # SeaweedFS keeps both
            for unclear in (None, [1]):
                with pytest.raises(Conflict):
                    await upload.complete(unclear)
        await upload.complete([last])
        assert await fetch(box, "k") == b"new"

    @needs("uploads")
    async def test_a_large_part_of_a_stream_is_sent_again_when_it_fails(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sender, failures = client_of(box)._sender, [503]
        send, data = sender._send, os.urandom(PART + 1)

        async def unlucky(request: Request) -> Any:
            response = await send(request)
            if request.payload and failures:
                response.status = failures.pop()
            return response

        upload = await box.start_upload("box", "k")
        monkeypatch.setattr(sender, "_send", unlucky)
        part = await upload.part(1, iter([data[:7], data[7:]]), checksums={"sha256": None})
        assert part.checksums == {"sha256": hashlib.sha256(data).digest()}
        assert failures == []
        await upload.complete([part])
        assert await fetch(box, "k") == data

    @needs("uploads", "conditional_copy")
    async def test_a_copy_of_more_than_one_request_takes(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copying, "LARGEST", MIB)
        monkeypatch.setattr(copying, "STEP", 5 * MIB)
        data = os.urandom(11 * MIB)
        said = PutOptions(content_type="a/b", metadata={"m": "\u00e9"}, tags={"t": "1"})
        await box.put("flat", "k", data, options=said)
        copied = await box.copy("flat", "k", "box", "to")
        assert (copied.content_type, copied.metadata, copied.tags) == (
            *("a/b", {"m": "\u00e9"}, {"t": "1"}),
        )
        assert await fetch(box, "to") == data
        only_new = CopyOptions(precondition=Precondition(if_none_match="*"))
        with pytest.raises(PreconditionFailed):
            await box.copy("flat", "k", "box", "to", options=only_new)
        assert list(await box.list_uploads("box")) == []

    @needs("uploads")
    async def test_a_large_copy_that_fails_leaves_nothing(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copying, "LARGEST", 1)
        monkeypatch.setattr(client_of(box), "copy_part", failing)
        await box.put("flat", "k", b"two")
        with pytest.raises(StoreError):
            await box.copy("flat", "k", "box", "to")
        assert await names(box) == []
        assert list(await box.list_uploads("box")) == []


def client_of(box: Backend) -> S3Client:
    assert isinstance(box, S3Backend)
    return box._client


async def failing(*args: object, **options: object) -> None:
    raise StoreError("half-way")


class TestMoto(S3BackendTests):
    capabilities = MOTO

    @pytest.fixture
    def server(self, moto_server: MotoServer) -> MotoServer:
        return moto_server


class TestSeaweed(S3BackendTests):
    capabilities = SEAWEED

    @pytest.fixture
    def server(self, seaweed_server: SeaweedServer) -> SeaweedServer:
        return seaweed_server


@dataclass(frozen=True)
class Ours:
    """Our own server, as one of its users has it."""

    endpoint_url: str
    credentials: Credentials


class TestHoldallServer(S3BackendTests):
    capabilities = replace(HOLDALL, small_parts=True)  # as it was told

    @pytest.fixture
    def server(self, holdall_server: Running) -> Ours:
        alice = holdall_server.alice
        return Ours(holdall_server.endpoint, Credentials(alice.access_key, alice.secret_key))

    async def test_everybody_reads_what_is_public(self, box: Backend, server: Ours) -> None:
        theirs = {
            "Sid": "Theirs",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::box/secret",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": theirs}).encode()
        await client_of(box).configure("box", (("policy", ""),), policy)
        for key in ("k", "secret"):
            await box.put("box", key, b"content")
        async with S3Client(server.endpoint_url, None) as anybody:
            for _ in range(2):
                for _ in range(2):  # what is done already is done
                    await box.set_public_access("box", True)
                async with await anybody.get("box", "k") as download:
                    assert await download.read() == b"content"
                with pytest.raises(PermissionDenied):
                    await anybody.get("box", "secret")
                for _ in range(2):
                    await box.set_public_access("box", False)
                with pytest.raises(PermissionDenied):
                    await anybody.get("box", "k")
        kept = await client_of(box).request("GET", "box", query=(("policy", ""),))
        assert json.loads(kept.content)["Statement"] == [theirs]

    async def test_small_parts_are_refused_where_they_are(
        self, box: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "LEAST_PART", 5 * MIB)
        upload = await box.start_upload("box", "k")
        for number in (1, 2):
            await upload.part(number, b"small")
        with pytest.raises(InvalidArgument):
            await upload.complete()
        await upload.complete([2])
        assert await fetch(box, "k") == b"small"
