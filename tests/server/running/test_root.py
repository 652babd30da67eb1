"""Which app answers which request."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.server.whole import Whole, s3

Answer = tuple[int, str, bytes]


def ask(whole: Whole, method: str, path: str, host: str | None = None) -> Answer:
    place = urlsplit(whole.endpoint)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("host", host or place.netloc)
        connection.putheader("content-length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()
    finally:
        connection.close()


def test_health(whole: Whole) -> None:
    assert ask(whole, "GET", "/healthz") == (200, "application/json", b'{"status": "ok"}')
    assert ask(whole, "HEAD", "/healthz")[0] == 200
    assert ask(whole, "PUT", "/healthz")[0] == 405


def test_metrics(whole: Whole) -> None:
    ask(whole, "GET", "/healthz")
    status, kind, text = ask(whole, "GET", "/metrics")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert b'holdall_requests_total{operation="Health",status="200"}' in text
    assert b"holdall_requests_in_flight 1.0" in text


def test_figures_name_operations_and_not_paths(whole: Whole) -> None:
    ask(whole, "GET", "/some-bucket/some-key")
    ask(whole, "GET", "/api/v1/users/some-user")
    text = ask(whole, "GET", "/metrics")[2].decode()
    assert 'operation="GetObject"' in text
    assert 'operation="Control"' in text
    assert "some-" not in text


@pytest.mark.parametrize("path", ["/", "/healthz/", "/healthzz", "/metrics/x", "/apix", "//api"])
def test_everything_else_is_s3(whole: Whole, path: str) -> None:
    status, kind, body = ask(whole, "GET", path)
    assert (status >= 400, kind) == (True, "application/xml")
    assert b"<Error>" in body


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/buckets", "/api/nothing"])
def test_the_control_plane(whole: Whole, path: str) -> None:
    status, kind, body = ask(whole, "GET", path)
    assert (status in (401, 404), kind) == (True, "application/problem+json")
    assert json.loads(body)["status"] == status


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/docs"])
def test_where_the_host_names_a_bucket_every_path_is_a_key(whole: Whole, path: str) -> None:
    status, kind, _ = ask(whole, "GET", path, "box.files.example.com:9000")
    assert (status in (403, 404), kind) == (True, "application/xml")


@pytest.mark.parametrize("name", ["api", "healthz", "metrics", "console"])
def test_no_bucket_is_called_like_a_path_of_ours(whole: Whole, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3(whole.profile)._make_api_call("CreateBucket", {"Bucket": name})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 400
    assert name not in [b["Name"] for b in s3(whole.profile).list_buckets()["Buckets"]]
