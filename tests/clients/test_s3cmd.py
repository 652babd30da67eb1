"""s3cmd."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

import pytest

from .needs import LARGE, SMALL, Shell, client_of, environment, gather, held, lay, program


@pytest.fixture
def s3cmd(server, tmp_path):
    place = urlsplit(server.endpoint).netloc
    settings = tmp_path / "s3cfg"
    settings.write_text(
        f"[default]\naccess_key = {server.alice.access_key}\n"
        f"secret_key = {server.alice.secret_key}\nhost_base = {place}\nhost_bucket = {place}\n"
        "use_https = False\nbucket_location = us-east-1\n"
    )
    command = [program("s3cmd"), "--config", str(settings), "--no-progress"]
    return Shell(command, environment(server.alice, tmp_path), tmp_path)


@pytest.fixture
def bucket(s3cmd, name):
    s3cmd("mb", f"s3://{name}")
    return name


def test_sync_there_and_back(s3cmd, server, bucket, tmp_path):
    contents = SMALL | {"large.bin": LARGE}
    source = lay(tmp_path / "source", contents)
    s3cmd("sync", "--multipart-chunk-size-mb=6", f"{source}/", f"s3://{bucket}/kept/")
    assert held(server, bucket) == {f"kept/{key}": value for key, value in contents.items()}
    (tmp_path / "target").mkdir()
    s3cmd("sync", f"s3://{bucket}/kept/", f"{tmp_path}/target/")
    assert gather(tmp_path / "target") == contents
    (source / "plain.txt").unlink()
    s3cmd("sync", "--delete-removed", f"{source}/", f"s3://{bucket}/kept/")
    assert "kept/plain.txt" not in held(server, bucket)


def test_single_objects(s3cmd, server, bucket, tmp_path):
    lay(tmp_path, {"here": b"content"})
    s3cmd("put", "--add-header=x-amz-meta-a:b", "here", f"s3://{bucket}/a b+c")
    s3cmd("cp", f"s3://{bucket}/a b+c", f"s3://{bucket}/copy")
    s3cmd("mv", f"s3://{bucket}/copy", f"s3://{bucket}/moved")
    s3cmd("modify", "--add-header=Content-Type:text/x", f"s3://{bucket}/moved")
    assert client_of(server).head_object(Bucket=bucket, Key="moved")["ContentType"] == "text/x"
    s3cmd("get", f"s3://{bucket}/moved", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"content"
    assert "MD5 sum" in s3cmd("info", f"s3://{bucket}/moved")
    assert s3cmd("du", f"s3://{bucket}").split()[:3] == ["14", "2", "objects"]


def test_settings(s3cmd, server, bucket, tmp_path):
    lay(tmp_path, {"here": b"content"})
    s3cmd("put", "here", f"s3://{bucket}/k")
    s3cmd("setacl", "--acl-public", f"s3://{bucket}/k")
    with urllib.request.urlopen(f"{server.endpoint}/{bucket}/k", timeout=20) as answer:
        assert answer.read() == b"content"
    s3cmd("settagging", f"s3://{bucket}/k", "a=b")
    assert "a" in s3cmd("gettagging", f"s3://{bucket}/k")
    s3cmd("setversioning", f"s3://{bucket}", "enable")
    assert "LOCATION" in s3cmd("info", f"s3://{bucket}").upper()
    url = s3cmd("signurl", f"s3://{bucket}/k", "+600").strip()
    assert url.startswith("http")


def test_everything_is_removed(s3cmd, bucket, tmp_path):
    s3cmd("put", "--recursive", f"{lay(tmp_path / 'source', SMALL)}/", f"s3://{bucket}/")
    assert len(s3cmd("ls", "--recursive", f"s3://{bucket}").splitlines()) == len(SMALL)
    s3cmd("rb", "--recursive", "--force", f"s3://{bucket}")
    assert bucket not in s3cmd("ls")
