"""The aws command (PyPI awscli)."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from .needs import LARGE, SMALL, Shell, environment, gather, lay, program


@pytest.fixture(params=["http", "https"])
def running(request):
    return request.getfixturevalue("server" if request.param == "http" else "https")


@pytest.fixture
def aws(running, tmp_path):
    settings = environment(running.alice, tmp_path)
    command = [program("aws"), "--endpoint-url", running.endpoint, "--output", "json"]
    return Shell(command, settings, tmp_path)


@pytest.fixture
def bucket(aws, name):
    aws("s3", "mb", f"s3://{name}")
    return name


def test_sync_there_and_back(aws, running, bucket, tmp_path):
    source = lay(tmp_path / "source", SMALL | {"large.bin": LARGE})
    _age(source)
    aws("s3", "sync", source, f"s3://{bucket}/kept")
    assert aws("s3", "sync", source, f"s3://{bucket}/kept") == ""
    aws("s3", "sync", f"s3://{bucket}/kept", tmp_path / "target")
    assert gather(tmp_path / "target") == gather(source)
    (source / "plain.txt").unlink()
    aws("s3", "sync", "--delete", source, f"s3://{bucket}/kept")
    assert "plain.txt" not in aws("s3", "ls", f"s3://{bucket}/kept/")
    listed = aws("s3", "ls", "--recursive", f"s3://{bucket}")
    assert len(listed.splitlines()) == len(SMALL)


def _age(folder):
    """`sync` sends again what is newer than its object, whose time it knows in whole seconds:
    a file of the same second would be."""
    for path in filter(Path.is_file, folder.rglob("*")):
        os.utime(path, (time.time() - 60,) * 2)


def test_one_object_through_its_life(aws, bucket, tmp_path):
    place = f"s3://{bucket}/a b/c+d.txt"
    lay(tmp_path, {"here": b"content"})
    aws("s3", "cp", "here", place, "--metadata", "a=b", "--content-type", "text/x")
    aws("s3", "mv", place, f"s3://{bucket}/moved")
    found = json.loads(aws("s3api", "head-object", "--bucket", bucket, "--key", "moved"))
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"a": "b"})
    assert aws("s3", "cp", f"s3://{bucket}/moved", "-") == "content"
    aws("s3", "rm", f"s3://{bucket}/moved")
    aws("s3", "rb", f"s3://{bucket}")
    assert bucket not in aws("s3", "ls")


def test_a_large_copy_between_keys(aws, running, bucket, tmp_path):
    lay(tmp_path, {"large": LARGE})
    aws("s3", "cp", "large", f"s3://{bucket}/one")
    aws("s3", "cp", f"s3://{bucket}/one", f"s3://{bucket}/two")
    aws("s3", "cp", f"s3://{bucket}/two", "back")
    assert (tmp_path / "back").read_bytes() == LARGE


def test_a_bucket_is_removed_with_all_it_holds(aws, bucket, tmp_path):
    aws("s3", "cp", "--recursive", lay(tmp_path / "source", SMALL), f"s3://{bucket}")
    aws("s3", "rb", "--force", f"s3://{bucket}")
    assert bucket not in aws("s3", "ls")


def test_versions_and_settings(aws, bucket, tmp_path):
    lay(tmp_path, {"here": b"1"})
    aws(
        "s3api",
        "put-bucket-versioning",
        "--bucket",
        bucket,
        "--versioning-configuration",
        "Status=Enabled",
    )
    for _ in range(2):
        aws("s3", "cp", "here", f"s3://{bucket}/k")
    found = json.loads(aws("s3api", "list-object-versions", "--bucket", bucket))
    assert len(found["Versions"]) == 2
    aws("s3api", "put-bucket-tagging", "--bucket", bucket, "--tagging", "TagSet=[{Key=a,Value=b}]")
    found = json.loads(aws("s3api", "get-bucket-tagging", "--bucket", bucket))
    assert found["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_refusals_are_told(aws, bucket):
    said = aws("s3", "cp", f"s3://{bucket}/absent", "-", fails=True)
    assert "404" in said
    assert "NoSuchBucket" in aws("s3", "ls", f"s3://{bucket}-absent", fails=True)
