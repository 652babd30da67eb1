"""An S3 backend whose caller may not be told everything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall.backends.s3 import S3Backend
from holdall.core.errors import PermissionDenied
from holdall.core.values import PutOptions, Usage
from holdall.s3.client import S3Client
from holdall.s3.signing import Credentials
from tests.server.whole import Whole, control, s3, serving_whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A server with a bucket that holds two revisions of `k`, both with a tag."""
    directory: Path = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory) as running:
        client = s3(running.profile)
        client.create_bucket(Bucket="box")
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket="box", VersioningConfiguration=enabled)
        for body in (b"one", b"second"):
            client.put_object(Bucket="box", Key="k", Body=body, Tagging="t=1")
        yield running


@pytest.fixture
async def backend(whole: Whole) -> AsyncIterator[S3Backend]:
    """One that may read, write and list, and see neither tags nor versions."""
    policy: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"],
                "Resource": ["arn:aws:s3:::box", "arn:aws:s3:::box/*"],
            }
        ],
    }
    async with control(whole.profile) as admin:
        key = whole.with_key(await admin.post("/credentials", policy=json.dumps(policy)))
    credentials = Credentials(key.access_key, key.secret_key, key.session_token)
    narrowed = S3Backend(S3Client(whole.endpoint, credentials, region=key.region))
    yield narrowed
    await narrowed.aclose()


async def test_a_blob_is_read_without_its_tags(backend: S3Backend) -> None:
    found = await backend.head("box", "k")
    assert (found.size, found.tags) == (6, {})
    reading = await backend.open("box", "k")
    assert b"".join([data async for data in reading]) == b"second"
    await reading.aclose()


async def test_what_is_written_is_no_failure(backend: S3Backend) -> None:
    made = await backend.put("box", "k2", b"data", options=PutOptions(tags={"a": "b"}))
    assert (made.size, made.tags) == (4, {})


async def test_a_copy_loses_no_tags_unseen(backend: S3Backend) -> None:
    with pytest.raises(PermissionDenied):
        await backend.copy("box", "k", "box", "copied")


async def test_what_is_current_is_counted(backend: S3Backend, whole: Whole) -> None:
    s3(whole.profile).delete_object(Bucket="box", Key="k2")
    assert await backend.usage("box") == Usage(1, 6, 1, 6)


async def test_a_history_that_is_not_shown_is_not_made_up(backend: S3Backend) -> None:
    with pytest.raises(PermissionDenied):
        await backend.revisions("box", "k")
    with pytest.raises(PermissionDenied):
        await backend.delete_all_revisions("box", "k")
