"""A Holdall server sits the exam of every backend, through its control plane and S3."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from holdall.backends.protocol import Backend
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access
from holdall.s3.client import Retries
from holdall.testing.backends import BackendTests
from tests.server.whole import Whole, serving_whole


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
