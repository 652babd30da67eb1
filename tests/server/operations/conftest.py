"""A server of our own per test file, boto3 clients of its users, and raw requests."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.handlers import add_expect_header

from holdall.testing.server import Account, Running, serving

_numbers = itertools.count()
_CONFIG = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("store")) as running:
        yield running


def client_of(server: Running, account: Account) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret_key,
        region_name="us-east-1",
        config=_CONFIG,
    )
    # A refused body that was announced and never sent would spoil botocore's connection.
    client.meta.events.unregister("before-call.s3", add_expect_header)
    return client


@pytest.fixture
def alice(server: Running) -> Any:
    return client_of(server, server.alice)


@pytest.fixture
def bob(server: Running) -> Any:
    return client_of(server, server.bob)


@pytest.fixture
def bucket(alice: Any) -> str:
    """A bucket of alice's, as CreateBucket makes it."""
    name = f"bucket-{next(_numbers)}"
    alice.create_bucket(Bucket=name)
    return name


@pytest.fixture
def locked(alice: Any) -> str:
    """A bucket of alice's with object lock."""
    name = f"locked-{next(_numbers)}"
    alice.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


Send = Callable[..., Answer]


@pytest.fixture
def send(server: Running) -> Send:
    """Send a request that boto3 would not; signed unless `account` is None."""

    def send(
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        account: Account | None = server.alice,
    ) -> Answer:
        kept = dict(headers or {})
        if account is not None:
            kept = _signed(server, account, method, path, body, kept)
        place = urlsplit(server.endpoint)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        try:
            connection.request(method, path, body, kept)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    return send


def _signed(
    server: Running, account: Account, method: str, path: str, body: bytes, headers: dict[str, str]
) -> dict[str, str]:
    request = AWSRequest(method, server.endpoint + path, data=body, headers=headers)
    signer = S3SigV4Auth(Credentials(account.access_key, account.secret_key), "s3", "us-east-1")
    signer.add_auth(request)
    return dict(request.headers)
