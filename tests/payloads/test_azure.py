from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken

from holdall.core.errors import InvalidArgument, OutcomeUnknown, StoreError
from holdall.payloads.azure import Account, AzureClient, AzurePayloads
from holdall.payloads.azure.blocks import BlocksUpload
from holdall.payloads.azure.copying import CopiedBlob, copy_blob
from holdall.s3.client.parts import PART
from holdall.s3.client.retrying import Retries
from holdall.testing import PayloadStoreTests
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.payloads import fetched, listed, stored, write

__all__ = ["azurite_server"]

NUMBERS = itertools.count()


class TestAzurite(PayloadStoreTests):
    @pytest.fixture
    async def place(self, azurite_server: AzuriteServer) -> AsyncIterator[tuple[AzureClient, str]]:
        client = AzureClient(azurite_server.account, retries=Retries(first=0.01))
        container = f"payloads-{next(NUMBERS)}"
        await client.container(container).create_container()
        yield client, container
        await client.aclose()

    @pytest.fixture
    async def store(self, place: tuple[AzureClient, str]) -> AsyncIterator[AzurePayloads]:
        store = AzurePayloads(*place, "below/")
        yield store
        await store.aclose()

    async def test_nothing_is_left_of_the_way_there(
        self, store: AzurePayloads, place: tuple[AzureClient, str]
    ) -> None:
        data = await stored(store, "a", 3 * PART + 7)
        await stored(store, "b", 7)
        assert await fetched(store, "a", 0, len(data)) == data
        assert await keys(place) == ["below/data/a", "below/data/b"]

    async def test_a_large_payload_is_never_overwritten(
        self, store: AzurePayloads, place: tuple[AzureClient, str]
    ) -> None:
        await write(store, "a", [b"first"])
        with pytest.raises(StoreError):
            await stored(store, "a", PART + 1)
        assert await fetched(store, "a", 0, 5) == b"first"
        assert await keys(place) == ["below/data/a"]

    async def test_what_dead_writers_left_is_swept_when_it_is_old(
        self, store: AzurePayloads, place: tuple[AzureClient, str]
    ) -> None:
        client, container = place
        await stored(store, "kept", 7)
        for key in ("below/staging/2", "elsewhere/2"):
            await client.blob(container, key).upload_blob(b"staged")
        assert await store.sweep() == 0, "a day has not passed"
        assert await aged(place).sweep() == 1
        assert await aged(place).sweep() == 0
        assert await keys(place) == ["below/data/kept", "elsewhere/2"]

    async def test_the_living_are_spared_however_slow(
        self, store: AzurePayloads, place: tuple[AzureClient, str]
    ) -> None:
        writing = await store.begin()
        await writing.write(bytes(PART + 1))
        await writing._upload.complete()
        later = aged(place)
        later._place.living.update(store._place.living)
        assert await later.sweep() == 0
        await writing.aclose()

    @pytest.mark.parametrize("step", ["stage_block", "commit_block_list", "start_copy_from_url"])
    async def test_a_step_that_fails_leaves_nothing(
        self, store: AzurePayloads, place: tuple[AzureClient, str], step: str
    ) -> None:
        client, _ = place
        blob = client.blob

        def failing(container: str, key: str):  # type: ignore[no-untyped-def]
            found = blob(container, key)

            async def lost(*args: object, **options: object) -> object:
                raise StoreError("lost on the way")

            setattr(found, step, lost)
            return found

        client.blob = failing  # type: ignore[method-assign]
        writing = await store.begin()
        with pytest.raises(StoreError):
            await writing.write(bytes(2 * PART))
            await writing.finish("a")
        await writing.aclose()
        client.blob = blob  # type: ignore[method-assign]
        assert await listed(store) == {}
        assert await keys(place) == []

    @pytest.mark.parametrize("arrived", [True, False])
    async def test_a_lost_answer_is_asked_about(
        self, store: AzurePayloads, arrived: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lose_first(monkeypatch, BlocksUpload, "complete", arrived)
        data = await stored(store, "a", 7)
        assert await fetched(store, "a", 0, 7) == data

    async def test_what_another_has_written_is_not_ours(
        self, store: AzurePayloads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stored(store, "a", 3)
        lose_first(monkeypatch, BlocksUpload, "complete", False)
        with pytest.raises(StoreError):
            await stored(store, "a", 7)
        assert await listed(store) == {"a": 3}

    async def test_a_container_that_is_not_there(self, place: tuple[AzureClient, str]) -> None:
        """It is no bucket of the caller's, so it is no BucketNotFound."""
        store = AzurePayloads(place[0], "no-such-container")
        for size in (7, PART + 1):
            with pytest.raises(StoreError):
                await stored(store, "a", size)
        for call in (store.read("a", 0, 1), listed(store), store.delete(["a"]), store.sweep()):
            with pytest.raises(StoreError):
                await call


def lose_first(monkeypatch: pytest.MonkeyPatch, owner: object, step: str, arrived: bool) -> None:
    """The first answer of a method is lost, or the request was."""
    method, calls = getattr(owner, step), itertools.count(1)

    async def losing(*args: object, **options: object) -> object:
        first = next(calls) == 1
        result = await method(*args, **options) if arrived or not first else None
        if first:
            raise OutcomeUnknown("lost")
        return result

    monkeypatch.setattr(owner, step, losing)


def aged(place: tuple[AzureClient, str]) -> AzurePayloads:
    """The same store, a day later."""
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    return AzurePayloads(*place, "below/", now=lambda: later)


async def keys(place: tuple[AzureClient, str]) -> list[str]:
    client, container = place
    return [blob.name async for blob in client.container(container).list_blobs()]


@pytest.mark.parametrize("prefix", ["/", "a", "/a/"])
def test_prefixes_that_are_none(prefix: str) -> None:
    client = AzureClient(Account("http://127.0.0.1:1/a", "a"))
    with pytest.raises(InvalidArgument):
        AzurePayloads(client, "container", prefix)


def test_an_account_keeps_its_secrets() -> None:
    account = Account("https://a.blob.core.windows.net", "a", key="c2VjcmV0", sas="sig=secret")
    assert "c2VjcmV0" not in repr(account)
    assert "secret" not in repr(account)


class Token:
    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken("secret", 2**40)


async def test_a_token_is_sent_over_https_only() -> None:
    account = Account("https://a.blob.core.windows.net", "a", token=Token())  # type: ignore[arg-type]
    assert await account.headers() == {"authorization": "Bearer secret"}
    with pytest.raises(InvalidArgument):
        Account("http://a.blob.core.windows.net", "a", token=Token())  # type: ignore[arg-type]


class Copying:
    """The vendor's client of one blob, to which a copy is under way; Azurite is never slow."""

    url = "https://a.blob.core.windows.net/c/k"

    def __init__(self, *states: str) -> None:
        self._states = list(states)
        self.calls: list[str] = []

    async def start_copy_from_url(self, url: str, **options: object) -> object:
        return {"copy_status": "pending", "copy_id": "1", "etag": "x", "last_modified": None}

    async def get_blob_properties(self) -> object:
        state = self._states.pop(0)
        copy = SimpleNamespace(id="1", status=state, status_description="")
        return SimpleNamespace(copy=copy, etag='"y"', last_modified=None)

    async def abort_copy(self, id: str) -> None:
        self.calls.append("abort")

    async def delete_blob(self, **conditions: object) -> None:
        assert conditions["etag"] == '"y"'
        self.calls.append("delete")


async def slow_copy(copying: Copying, monkeypatch: pytest.MonkeyPatch) -> CopiedBlob:
    client = AzureClient(Account("https://a.blob.core.windows.net", "a"))
    monkeypatch.setattr(client, "blob", lambda container, key: copying)
    try:
        return await copy_blob(client, ("c", "from"), ("c", "k"), {})
    finally:
        await client.aclose()


async def test_a_slow_copy_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    copying = Copying("pending", "pending", "success")
    assert (await slow_copy(copying, monkeypatch)).etag == "y"
    assert copying.calls == []


async def test_a_copy_that_fails_late_leaves_no_empty_blob(monkeypatch: pytest.MonkeyPatch) -> None:
    copying = Copying("pending", "failed", "failed")
    with pytest.raises(StoreError):
        await slow_copy(copying, monkeypatch)
    assert copying.calls == ["abort", "delete"]


async def test_a_copy_that_was_done_after_all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    copying = Copying("pending", "success")

    async def cancelled(seconds: float) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await slow_copy(copying, monkeypatch)
    assert copying.calls == ["abort"]
