"""Requests that are odd as HTTP or as XML: lengths, headers, bodies, methods."""

from __future__ import annotations

import base64
import hashlib
import socket
from urllib.parse import urlsplit

import pytest

from .conftest import sign


@pytest.fixture
def exchange(server):
    """Send bytes as they are; give the bytes of the answer."""

    def exchange(data, ended=False):
        place = urlsplit(server.endpoint)
        with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
            connection.sendall(data)
            if ended:
                connection.shutdown(socket.SHUT_WR)
            found = b""
            while piece := connection.recv(65536):
                found += piece
        return found

    return exchange


def raw(server, method, path, headers, body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if "host" not in {name.lower() for name in headers}:
        lines.append(f"Host: {urlsplit(server.endpoint).netloc}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("length", ["-1", "abc", ""])
def test_lengths_that_are_none(server, exchange, bucket, length):
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"1", {})
    data = raw(server, "PUT", f"/{bucket}/k", headers | {"Content-Length": length}, b"1")
    assert exchange(data).startswith(b"HTTP/1.1 400 ")


def test_no_length(server, exchange, bucket):
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"", {})
    headers["Transfer-Encoding"] = "chunked"
    answer = exchange(raw(server, "PUT", f"/{bucket}/k", headers, b"1\r\na\r\n0\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"<Code>MissingContentLength</Code>" in answer


def test_an_empty_object_without_a_length(server, exchange, bucket):
    """S3 demands the header of every PUT of an object, but clients that send nothing do well."""
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"", {})
    answer = exchange(raw(server, "PUT", f"/{bucket}/k", headers))
    assert answer.startswith((b"HTTP/1.1 411 ", b"HTTP/1.1 200 "))


def test_a_body_that_is_too_short(server, exchange, send, bucket):
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"12345", {})
    headers["Content-Length"] = "10"
    answer = exchange(raw(server, "PUT", f"/{bucket}/k", headers, b"12345"), ended=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert send("HEAD", f"/{bucket}/k").status == 404


def test_an_object_that_is_too_large(server, exchange, bucket):
    """5 GiB is the most that one PUT may bring."""
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"", headers)
    headers["Content-Length"] = str(5 * 1024**3 + 1)
    answer = exchange(raw(server, "PUT", f"/{bucket}/k", headers))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>EntityTooLarge</Code>" in answer


def test_leave_is_asked_for_a_body(server, bucket):
    """`100 Continue` comes only after the caller was found worthy."""
    place = urlsplit(server.endpoint)
    headers = sign(server, server.bob, "PUT", f"/{bucket}/k", b"1", {})
    headers |= {"Content-Length": "1", "Expect": "100-continue"}
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(raw(server, "PUT", f"/{bucket}/k", headers))
        assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"1", {})
    headers |= {"Content-Length": "1", "Expect": "100-continue"}
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(raw(server, "PUT", f"/{bucket}/k", headers))
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"1")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Delete>&b;</Delete>'
DOCUMENTS = [b"", b"<", b"no xml", b"<a><b></a>", BOMB, b"\xff\xfe", b"<Delete/>"]


@pytest.mark.parametrize("body", DOCUMENTS)
@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("POST", "delete"),
        ("PUT", "tagging"),
        ("PUT", "versioning"),
        ("PUT", "cors"),
        ("PUT", "lifecycle"),
        ("PUT", "acl"),
        ("PUT", "encryption"),
        ("PUT", "object-lock"),
        ("PUT", "publicAccessBlock"),
        ("PUT", "ownershipControls"),
        ("PUT", "policy"),
        ("PUT", "notification"),
    ],
)
def test_documents_that_are_none(send, bucket, method, query, body):
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = send(method, f"/{bucket}?{query}", body, {"Content-MD5": md5})
    if query == "object-lock":
        assert answer.status in (400, 409)
    else:
        assert answer.status == 400
    assert answer.code.startswith(("Malformed", "Missing", "Illegal", "Invalid"))


def test_elements_that_nobody_knows(send, bucket):
    body = (
        b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Status>Enabled</Status></VersioningConfiguration>"
    )
    assert send("PUT", f"/{bucket}?versioning", body).status == 200
    bare = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert send("PUT", f"/{bucket}?versioning", bare).status == 200


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "BREW"])
def test_methods_that_are_none(send, bucket, method):
    answer = send(method, f"/{bucket}/k")
    assert answer.status in (400, 405, 501)


def test_every_answer_has_its_ids(send, bucket):
    for path in (f"/{bucket}", f"/{bucket}/absent", "/"):
        headers = send("GET", path).headers
        assert headers["x-amz-request-id"]
        assert headers["x-amz-id-2"]
        assert headers["date"]
        assert headers["server"]


@pytest.mark.parametrize("path", ["//", "//k", "/%2F", "/%00", "/a%20b"])
def test_buckets_that_cannot_be(send, path):
    answer = send("GET", path, account=None)
    assert answer.status in (400, 403, 404)


def test_no_host(server, exchange):
    answer = exchange(b"GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))


def test_headers_that_are_too_large(server, exchange, bucket):
    data = raw(server, "GET", f"/{bucket}", {"x-large": "a" * 200_000})
    assert exchange(data).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


def test_the_body_of_a_read_is_passed_over(send, bucket):
    send("PUT", f"/{bucket}/k", b"1")
    assert send("GET", f"/{bucket}/k", b"body").body == b"1"


def test_a_part_without_its_upload(send, bucket):
    assert send("PUT", f"/{bucket}/k?partNumber=1", b"1").status in (400, 405)


def test_sub_resources_that_nobody_knows_do_not_delete(send, bucket):
    """A request for something else must not be taken for a plain DELETE or PUT."""
    send("PUT", f"/{bucket}/k", b"1")
    for query in ("retention", "legal-hold", "acl", "attributes"):
        assert send("DELETE", f"/{bucket}/k?{query}").status >= 400, query
    assert send("GET", f"/{bucket}/k").body == b"1"
