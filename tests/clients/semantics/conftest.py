"""What an examiner of an S3 server holds in hand: boto3 clients, raw requests, refusals."""

from __future__ import annotations

import http.client
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from holdall.testing.server import Account, Running, serving

_numbers = itertools.count()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("store")) as running:
        yield running
        assert running.problems() == []


@pytest.fixture
def server(started: Running) -> Running:
    return started


def client_of(server: Running, account: Account | None, **settings: Any) -> Any:
    """A client that tries once and lets every wrong wish through."""
    signing: dict[str, Any] = settings if account else {"signature_version": UNSIGNED}
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=account.access_key if account else None,
        aws_secret_access_key=account.secret_key if account else None,
        region_name="us-east-1",
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            parameter_validation=False,
            **signing,
        ),
    )


@pytest.fixture(scope="module")
def s3(started: Running) -> Any:
    """The client of alice, who owns the buckets."""
    return client_of(started, started.alice)


@pytest.fixture(scope="module")
def other(started: Running) -> Any:
    """The client of bob, another account."""
    return client_of(started, started.bob)


@pytest.fixture(scope="module")
def anonymous(started: Running) -> Any:
    return client_of(started, None)


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"examined-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def second(s3: Any) -> str:
    """Another bucket of alice's."""
    name = f"second-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def versioned(s3: Any) -> str:
    name = f"versioned-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def locked(s3: Any) -> str:
    name = f"locked-{next(_numbers)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        found = re.search(rb"<Code>(.*?)</Code>", self.body)
        return found[1].decode() if found else None

    @property
    def refusal(self) -> tuple[str | None, int]:
        return self.code, self.status


Send = Callable[..., Answer]


@pytest.fixture
def send(server: Running) -> Send:
    """Send a request that boto3 would not; signed by alice unless another account is given.

    `late` are headers that are not signed: they are sent as they are, or, when None, are
    taken away from those that were.
    """

    def send(
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        account: Account | None = server.alice,
        late: dict[str, str | None] | None = None,
    ) -> Answer:
        kept = dict(headers or {})
        if account is not None:
            kept = sign(server, account, method, path, body, kept)
        kept |= {key: value for key, value in (late or {}).items() if value is not None}
        for key, value in (late or {}).items():
            if value is None:
                kept = {name: kept[name] for name in kept if name.lower() != key.lower()}
        return ask(server, method, path, body, kept)

    return send


def sign(
    server: Running, account: Account, method: str, path: str, body: bytes, headers: dict[str, str]
) -> dict[str, str]:
    request = AWSRequest(method, server.endpoint + path, data=body, headers=headers)
    keys = Credentials(account.access_key, account.secret_key)
    S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    return dict(request.headers)


def ask(server: Running, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    """The answer to a request, sent as it is."""
    place = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        named = {name.lower() for name in headers}
        if body and not named & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def path_of(bucket: str, key: str) -> str:
    return f"/{bucket}/{quote(key, safe='/~')}"
