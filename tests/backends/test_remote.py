"""A Holdall server sits the exam of every backend, through its control plane and S3."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NoReturn

import aiohttp
import pytest

from holdall.backends.protocol import Backend
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access, Control, Json
from holdall.core.values import PutOptions, Span
from holdall.s3.client import Retries
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
