"""A Holdall server sits the exam of every backend, through its control plane and S3."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import aiohttp
import pytest

from holdall.backends.protocol import Backend
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access, Control, Json
from holdall.core.errors import BlobNotFound, ChecksumMismatch, HoldallError, PreconditionFailed
from holdall.core.values import Precondition, PutOptions, Revision, Span
from holdall.s3.client import Answer, Retries, batching
from holdall.s3.client.batching import BatchingSender
from holdall.s3.client.parts import PART
from holdall.testing.backends import BackendTests
from tests.server.whole import Whole, s3, serving_whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture
async def remote(whole: Whole) -> AsyncIterator[RemoteBackend]:
    profile = whole.profile
    access = Access(profile.endpoint, profile.credentials, profile.region)
    backend = RemoteBackend(access, retries=Retries(first=0.01))
    try:
        for name in [str(record.name) async for record in backend.list_buckets()]:
            await backend.delete_bucket(name, force=True)
        yield backend
    finally:
        await backend.aclose()


class TestRemote(BackendTests):
    @pytest.fixture
    def backend(self, remote: RemoteBackend) -> Backend:
        return remote


def refuse_control(patch: pytest.MonkeyPatch) -> None:
    """From now on the control plane must not be needed."""

    async def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the control plane was asked too")

    patch.setattr(Control, "get", refuse)


async def answered(url: str, headers: dict[str, str]) -> Mapping[str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert response.status == 200
        return response.headers


PUT = PutOptions(metadata={"Größe": "ß", "a": "b"}, tags={"k": "v"}, checksums={"sha1": None})


@pytest.fixture
async def box(remote: RemoteBackend) -> RemoteBackend:
    await remote.create_bucket("box")
    return remote


class TestOneRequest:
    @pytest.mark.parametrize("size", [0, 100, PART + 1])
    async def test_a_put_is_told_of_at_once(
        self, box: RemoteBackend, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        with monkeypatch.context() as patch:
            refuse_control(patch)
            made = await box.put("box", "k", bytes(size), options=PUT)
        assert made.number == 0
        assert made == await box.head("box", "k")

    async def test_an_open_is_too(
        self, box: RemoteBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = await box.put("box", "k", b"before", options=PUT)
        new = await box.put("box", "k", b"after", options=PUT)
        with monkeypatch.context() as patch:
            refuse_control(patch)
            async with await box.open("box", "k", span=Span(1, 3)) as reading:
                assert (reading.revision, await reading.read()) == (new, b"ft")
            async with await box.open("box", "k", revision=old.version) as reading:
                assert reading.revision.number == 0
                assert await reading.read() == b"before"

    async def test_a_copy_is_looked_for_and_then_told_of(
        self, box: RemoteBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await box.put("box", "k", b"text", options=PUT)
        looks, get = list[str](), Control.get

        async def noted(control: Control, path: str, *args: Any, **facts: Any) -> Json:
            looks.append(path)
            return await get(control, path, *args, **facts)

        with monkeypatch.context() as patch:
            patch.setattr(Control, "get", noted)
            made = await box.copy("box", "k", "box", "other")
        assert looks == ["/buckets/box/blob"]
        assert made == await box.head("box", "other")

    async def test_what_no_header_holds_is_asked_for(self, box: RemoteBackend) -> None:
        tags = {f"k{number}": "é" * 256 for number in range(10)}
        made = await box.put("box", "k", b"x", options=PutOptions(tags=tags))
        assert made.tags == tags
        async with await box.open("box", "k") as reading:
            assert (reading.revision, await reading.read()) == (made, b"x")

    async def test_who_may_only_write_is_told_what_was_made(
        self, whole: Whole, box: RemoteBackend
    ) -> None:
        allowed = {"Effect": "Allow", "Action": "s3:PutObject*", "Resource": "*"}
        policy = {"policy": json.dumps({"Statement": allowed})}
        given = await box.control.post("/credentials", policy)
        profile = whole.with_key(given)
        writer = RemoteBackend(Access(profile.endpoint, profile.credentials, profile.region))
        try:
            assert (await writer.put("box", "k", b"x")).number == 0
            tags = {f"k{number}": "é" * 256 for number in range(10)}
            assert (await writer.put("box", "k", b"xy", options=PutOptions(tags=tags))).size == 2
        finally:
            await writer.aclose()

    async def test_others_are_told_nothing(self, whole: Whole, box: RemoteBackend) -> None:
        await box.put("box", "k", b"x")
        await box.set_public_access("box", True)
        headers = await answered(f"{whole.endpoint}/box/k", {"x-holdall-describe": "revision"})
        assert "x-holdall-revision" not in headers
        told = s3(whole.profile).get_object(Bucket="box", Key="k")["ResponseMetadata"]
        assert "x-holdall-revision" not in told["HTTPHeaders"]


class TestTogether:
    """Small blobs that come and go at once travel in batches, and nobody can tell."""

    @pytest.fixture
    def batches(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        sent = list[int]()
        together = BatchingSender._together

        async def counted(self: BatchingSender, parts: Sequence[bytes]) -> Sequence[Answer]:
            sent.append(len(parts))
            return await together(self, parts)

        monkeypatch.setattr(BatchingSender, "_together", counted)
        return sent

    async def test_each_is_its_own(self, box: RemoteBackend, batches: list[int]) -> None:
        keys = [f"{number}/ü \n%" for number in range(100)]

        async def put(key: str) -> Revision:
            return await box.put("box", key, key.encode(), options=PUT)

        async def get(key: str) -> tuple[Revision, bytes]:
            async with await box.open("box", key, small=True) as reading:
                return reading.revision, await reading.read()

        made = await asyncio.gather(*map(put, keys))
        assert max(batches) > 1
        batches.clear()
        read = await asyncio.gather(*map(get, keys))
        assert max(batches) > 1
        assert [revision for revision, _ in read] == made
        assert [content for _, content in read] == [key.encode() for key in keys]
        assert made[7] == await box.head("box", keys[7])

    async def test_one_is_refused(self, box: RemoteBackend, batches: list[int]) -> None:
        async def put(key: str, bucket: str = "box", **options: Any) -> Revision:
            return await box.put(bucket, key, b"x", options=PutOptions(**options))

        await put("there")
        found = await asyncio.gather(
            *(put(str(number)) for number in range(10)),
            put("there", precondition=Precondition(if_none_match="*")),
            put("k", checksums={"sha256": bytes(32)}),
            *(put(str(number)) for number in range(10, 20)),
            return_exceptions=True,
        )
        assert max(batches) > 5
        errors = [each for each in found if isinstance(each, BaseException)]
        assert [type(error) for error in errors] == [PreconditionFailed, ChecksumMismatch]
        assert isinstance(errors[0], HoldallError)
        assert (errors[0].bucket, errors[0].key) == ("box", "there")

    async def test_what_grew_is_read_all_the_same(
        self, box: RemoteBackend, batches: list[int]
    ) -> None:
        await box.put("box", "large", bytes(33 * 1024 * 1024))
        await box.put("box", "empty", b"")

        async def get(key: str) -> int:
            async with await box.open("box", key, small=True) as reading:
                return len(await reading.read())

        found = await asyncio.gather(*(get(key) for key in ("large", "empty") * 4))
        assert max(batches) > 1
        assert found == [33 * 1024 * 1024, 0] * 4

    async def test_versions_too(self, box: RemoteBackend) -> None:
        first = await box.put("box", "k", b"1")
        await box.put("box", "k", b"2")
        await box.delete("box", "k")

        async def get(revision: str | int | None) -> bytes:
            async with await box.open("box", "k", revision=revision, small=True) as reading:
                return await reading.read()

        wanted: list[str | int | None] = [first.version, 0, 1, None] * 8
        found = await asyncio.gather(*map(get, wanted), return_exceptions=True)
        assert found[:3] == [b"1", b"1", b"2"]
        assert isinstance(found[3], BlobNotFound)
        assert [str(each) for each in found] == [str(each) for each in found[:4] * 8]

    async def test_without_batches_it_works_as_well(
        self, box: RemoteBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batching, "_PLACE", ("box", "/", "nothing-takes-a-post-here"))
        made = await asyncio.gather(*(box.put("box", str(n), b"x") for n in range(20)))
        assert len({revision.key for revision in made}) == 20
