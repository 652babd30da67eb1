"""A provider's own buckets sit the exam of every backend, as far as S3 goes."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import aiohttp
import pytest
from yarl import URL

from holdall.backends.protocol import Backend
from holdall.backends.s3 import S3Backend
from holdall.backends.s3.backend import ABILITIES
from holdall.core.errors import ChecksumMismatch, NotSupported, RevisionNotFound
from holdall.core.values import CopyOptions, Precondition, PutOptions
from holdall.s3.client import Retries, S3Client
from holdall.s3.client.parts import PART
from holdall.testing.backends import BackendTests
from holdall.testing.backends.box import fetch, names
from holdall.testing.loopback import S3Server
from holdall.testing.moto import MotoServer
from holdall.testing.seaweed import SeaweedServer

MIB = 1024 * 1024
NAMES = "a provider's bucket has a name, of three characters or more, and no other id"
LISTED = "a listing of S3 says nothing of type, metadata and tags"
NUMBERED = "S3 numbers no revisions"
PUBLIC = "public access is not translated to a provider's policies yet"
RACE = "S3 does not say whether a deletion found anything"
COPIES = "conditional copies are refused"
TAKEN = "in its first region S3 forgives whoever makes a bucket again"
BEYOND = {
    "test_a_blob_that_is_not_there": NUMBERED,
    "test_a_bucket_of_the_same_name_begins_anew": NAMES,
    "test_a_bucket_that_is_not_there": PUBLIC,
    "test_a_counter_loses_nothing[number]": NUMBERED,
    "test_a_name_is_taken_once": TAKEN,
    "test_buckets_are_made_found_and_listed": NAMES,
    "test_conditions_of_a_copy": COPIES,
    "test_every_way_of_naming_a_bucket_works_everywhere": NAMES,
    "test_good_and_bad_bucket_names": NAMES,
    "test_one_of_many_deleters_succeeds": RACE,
    "test_public_access": PUBLIC,
    "test_unnamed_buckets_are_many": NAMES,
    "test_what_is_said_about_a_blob": LISTED,
    "test_without_versions_the_old_content_goes": NUMBERED,
}
"""What S3 has no word for, and `Capabilities` neither. By test, or by test and parameters."""


class S3BackendTests(BackendTests):
    """A subclass gives a fixture `server`, and what that one cannot do."""

    capabilities = ABILITIES
    beyond: Mapping[str, str] = BEYOND

    @pytest.fixture(autouse=True)
    def within(self, request: pytest.FixtureRequest) -> None:
        for name in (request.node.name, request.node.originalname):
            if name in self.beyond:
                pytest.skip(self.beyond[name])

    @pytest.fixture
    async def backend(self, server: S3Server) -> AsyncIterator[Backend]:
        client = S3Client(server.endpoint_url, server.credentials, retries=Retries(first=0.01))
        backend = S3Backend(client, capabilities=self.capabilities)
        await self.clear(backend)
        yield backend
        await backend.aclose()

    async def clear(self, backend: S3Backend) -> None:
        """There is one namespace, and each test wants it empty."""
        for record in [record async for record in backend.list_buckets()]:
            await backend.delete_bucket(record.id, force=True)

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
        assert isinstance(box, S3Backend)
        assert [each async for each in box._client.each_upload("box")] == []

    async def test_plain_metadata_is_readable_by_others(self, box: Backend) -> None:
        said = {"plain": "a b", "Upper": "x", "tail": "x ", "holdall": "mine"}
        await box.put("box", "k", b"", options=PutOptions(metadata=said))
        assert (await box.head("box", "k")).metadata == said
        assert isinstance(box, S3Backend)
        assert (await box._client.head("box", "k")).metadata["plain"] == "a b"

    async def test_metadata_of_others_is_left_alone(self, box: Backend) -> None:
        assert isinstance(box, S3Backend)
        others = (b"[]", b"null", b'{"metadata": 1}', b'{"checksums": {"a": "zz"}}', b"[" * 1000)
        for theirs in ("not ours", *(base64.b64encode(each).decode() for each in others)):
            await box._client.put("box", "k", b"", headers={"x-amz-meta-holdall": theirs})
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
            only_new = CopyOptions(precondition=Precondition(if_none_match="*"))
            await box.copy("box", "k", "box", "to", options=only_new)
        for revision in (1, -2, "other"):
            with pytest.raises(RevisionNotFound):
                await box.head("box", "k", revision=revision)
        assert await names(box) == []


class TestMoto(S3BackendTests):
    capabilities = replace(ABILITIES, any_key=False)  # none that begins with a line feed
    beyond = BEYOND | dict.fromkeys(
        ("test_any_listing_after_anything", "test_after_a_common_prefix_and_after_a_key_below_it"),
        "moto drops a common prefix when a key below it was named",
    )

    @pytest.fixture
    def server(self, moto_server: MotoServer) -> MotoServer:
        return moto_server


class TestSeaweed(S3BackendTests):
    capabilities = replace(ABILITIES, any_key=False)
    beyond = BEYOND | dict.fromkeys(
        (
            *("test_any_listing_of_any_keys", "test_any_listing_after_anything"),
            "test_listings_are_in_byte_order",
        ),
        "SeaweedFS keeps keys as paths: no control characters, and none below another",
    )
    beyond |= {
        "test_a_reading_outlives_its_blob[emptied]": "what was not sent yet goes with its bucket"
    }

    @pytest.fixture
    def server(self, seaweed_server: SeaweedServer) -> SeaweedServer:
        return seaweed_server
