"""s3fs, the fsspec file system."""

from __future__ import annotations

import pytest

from .needs import LARGE, MIB, SMALL, gather, lay, module


@pytest.fixture
def fs(server):
    s3fs = module("s3fs")
    found = s3fs.S3FileSystem(
        key=server.alice.access_key,
        secret=server.alice.secret_key,
        endpoint_url=server.endpoint,
        client_kwargs={"region_name": "us-east-1"},
        skip_instance_cache=True,
    )
    yield found
    s3fs.S3FileSystem.close_session(found.loop, found.s3)


@pytest.fixture
def bucket(fs, name):
    fs.mkdir(name)
    return name


def test_files(fs, bucket):
    for key, content in SMALL.items():
        fs.pipe(f"{bucket}/{key}", content)
        assert fs.cat(f"{bucket}/{key}") == content
    assert sorted(fs.find(bucket)) == sorted(f"{bucket}/{key}" for key in SMALL)
    assert f"{bucket}/dir" in fs.ls(bucket, detail=False)
    assert fs.isdir(f"{bucket}/dir")
    assert fs.info(f"{bucket}/plain.txt")["size"] == 5
    assert len(fs.glob(f"{bucket}/dir/*.txt")) == 2
    fs.rm(f"{bucket}/dir", recursive=True)
    assert sorted(fs.find(bucket)) == [f"{bucket}/empty", f"{bucket}/plain.txt"]


def test_a_large_file(fs, bucket):
    with fs.open(f"{bucket}/large", "wb", block_size=8 * MIB) as file:
        for start in range(0, len(LARGE), MIB):
            file.write(LARGE[start : start + MIB])
    with fs.open(f"{bucket}/large", "rb") as file:
        file.seek(7 * MIB)
        assert file.read(100) == LARGE[7 * MIB :][:100]
    assert fs.cat_file(f"{bucket}/large", start=-10) == LARGE[-10:]
    fs.copy(f"{bucket}/large", f"{bucket}/copy")
    assert fs.cat(f"{bucket}/copy") == LARGE
    fs.mv(f"{bucket}/copy", f"{bucket}/moved")
    assert not fs.exists(f"{bucket}/copy")


def test_folders(fs, bucket, tmp_path):
    source = lay(tmp_path / "source", SMALL)
    fs.put(str(source) + "/", f"{bucket}/tree/", recursive=True)
    fs.get(f"{bucket}/tree/", str(tmp_path / "target") + "/", recursive=True)
    assert gather(tmp_path / "target") == SMALL


def test_appending_and_metadata(fs, bucket):
    path = f"{bucket}/k"
    fs.pipe(path, b"begin")
    with fs.open(path, "ab") as file:
        file.write(b" and end")
    assert fs.cat(path) == b"begin and end"
    fs.setxattr(path, copy_kwargs={}, a="b")
    assert fs.getxattr(path, "a") == "b"
    fs.put_tags(path, {"t": "1"})
    assert fs.get_tags(path) == {"t": "1"}


def test_what_is_not_there(fs, bucket):
    with pytest.raises(FileNotFoundError):
        fs.cat(f"{bucket}/absent")
    with pytest.raises(FileNotFoundError):
        fs.ls(f"{bucket}-absent")
    assert not fs.exists(f"{bucket}/absent")
