"""The OpenAPI document is the contract: what it allows works, what it does not is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from holdall.cli.profiles import Profile
from holdall.s3.signing import UNSIGNED_PAYLOAD, sign_headers
from holdall.server.control.app import build, schema
from tests.server.whole import Whole, serving_whole


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A server of its own: what is tried out here deletes users and buckets."""
    directory: Path = tmp_path_factory.mktemp("schema") / "store"
    with serving_whole(directory) as running:
        yield running


class Signed(requests.auth.AuthBase):
    """Signs what `requests` has prepared, whatever it is."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path, _, query = request.path_url.partition("?")
        host = {"host": urlsplit(self._profile.endpoint).netloc}
        request.headers.update(
            sign_headers(
                self._profile.credentials,
                str(request.method),
                path,
                query,
                host,
                UNSIGNED_PAYLOAD,
                self._profile.region,
                "s3",
                datetime.now(UTC),
            )
        )
        return request


def contract() -> dict[str, Any]:
    return schema(build())


def tried() -> list[Any]:
    """The operations that end: `/events` goes on for ever."""
    document = contract()
    document["paths"] = {
        path: found for path, found in document["paths"].items() if not path.endswith("/events")
    }
    known = schemathesis.openapi.from_dict(document)
    return [result.ok() for result in known.get_all_operations()]


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.mark.parametrize("operation", tried(), ids=lambda operation: operation.label)
def test_the_contract_is_kept(operation: Any, served: Whole) -> None:
    @settings(
        max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def keeps(case: Case) -> None:
        answer = case.call(base_url=served.endpoint, auth=Signed(served.profile))
        case.validate_response(answer, checks=CHECKS)

    keeps()


def test_every_route_is_described() -> None:
    """Each has a sentence, and says that errors are problems."""
    document = contract()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 25
    for operation in operations:
        assert operation["description"]
        assert set(operation["responses"]["403"]["content"]) == {"application/problem+json"}
    assert document["security"] == [{"sigv4": []}]
    assert "HTTPValidationError" not in json.dumps(document)
