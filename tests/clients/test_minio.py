"""minio-py."""

from __future__ import annotations

import io
import urllib.request
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from .needs import LARGE, MIB, SMALL, lay, module


@pytest.fixture
def client(server):
    minio = module("minio")
    return minio.Minio(
        endpoint=urlsplit(server.endpoint).netloc,
        access_key=server.alice.access_key,
        secret_key=server.alice.secret_key,
        secure=False,
    )


@pytest.fixture
def bucket(client, name):
    client.make_bucket(bucket_name=name)
    return name


def read(client, bucket, key, **options):
    answer = client.get_object(bucket_name=bucket, object_name=key, **options)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def put(client, bucket, key, content, **options):
    return client.put_object(
        bucket_name=bucket,
        object_name=key,
        data=io.BytesIO(content),
        length=len(content),
        **options,
    )


def test_objects(client, bucket):
    assert client.bucket_exists(bucket_name=bucket)
    assert bucket in [each.name for each in client.list_buckets()]
    for key, content in SMALL.items():
        put(client, bucket, key, content, metadata={"a": "b"})
        assert read(client, bucket, key) == content
    found = client.list_objects(bucket_name=bucket, recursive=True)
    assert [each.object_name for each in found] == sorted(SMALL, key=str.encode)
    found = client.list_objects(bucket_name=bucket, prefix="dir/")
    assert "dir/sub/" in [each.object_name for each in found if each.is_dir]
    stat = client.stat_object(bucket_name=bucket, object_name="plain.txt")
    assert (stat.size, stat.metadata["x-amz-meta-a"]) == (5, "b")
    assert read(client, bucket, "plain.txt", offset=1, length=3) == b"lai"


def test_a_large_file(client, bucket, tmp_path):
    lay(tmp_path, {"large": LARGE})
    client.fput_object(
        bucket_name=bucket,
        object_name="large",
        file_path=str(tmp_path / "large"),
        part_size=5 * MIB,
    )
    client.fget_object(bucket_name=bucket, object_name="large", file_path=str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == LARGE


def test_a_stream_of_unknown_length(client, bucket):
    client.put_object(
        bucket_name=bucket, object_name="k", data=io.BytesIO(LARGE), length=-1, part_size=10 * MIB
    )
    assert read(client, bucket, "k") == LARGE


def test_copies(client, bucket):
    sources = module("minio.commonconfig")
    put(client, bucket, "a b", LARGE[: 6 * MIB])
    put(client, bucket, "c", b"end")
    client.copy_object(
        bucket_name=bucket,
        object_name="copy",
        source=sources.CopySource(bucket_name=bucket, object_name="a b"),
    )
    assert read(client, bucket, "copy") == LARGE[: 6 * MIB]
    client.compose_object(
        bucket_name=bucket,
        object_name="both",
        sources=[
            sources.ComposeSource(bucket_name=bucket, object_name=key) for key in ("a b", "c")
        ],
    )
    assert read(client, bucket, "both") == LARGE[: 6 * MIB] + b"end"


def test_many_deleted(client, bucket):
    deleting = module("minio.deleteobjects")
    for key in SMALL:
        put(client, bucket, key, b"1")
    errors = client.remove_objects(
        bucket_name=bucket, delete_object_list=[deleting.DeleteObject(key) for key in SMALL]
    )
    assert list(errors) == []
    assert list(client.list_objects(bucket_name=bucket, recursive=True)) == []
    client.remove_bucket(bucket_name=bucket)


def test_signed_addresses(client, bucket):
    url = client.presigned_put_object(
        bucket_name=bucket, object_name="a b+c", expires=timedelta(minutes=5)
    )
    request = urllib.request.Request(url, data=b"by address", method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    url = client.presigned_get_object(bucket_name=bucket, object_name="a b+c")
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.read() == b"by address"


def test_versions_tags_and_locks(client, bucket):
    versioning = module("minio.versioningconfig")
    tags = module("minio.commonconfig").Tags.new_object_tags()
    client.set_bucket_versioning(
        bucket_name=bucket, config=versioning.VersioningConfig(versioning.ENABLED)
    )
    first = put(client, bucket, "k", b"1").version_id
    put(client, bucket, "k", b"2")
    assert read(client, bucket, "k", version_id=first) == b"1"
    found = client.list_objects(bucket_name=bucket, include_version=True)
    assert len(list(found)) == 2
    tags["a"] = "b"
    client.set_object_tags(bucket_name=bucket, object_name="k", tags=tags)
    assert client.get_object_tags(bucket_name=bucket, object_name="k") == {"a": "b"}


def test_a_policy(client, bucket):
    text = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},'
        f'"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{bucket}/*"]}}]}}'
    )
    client.set_bucket_policy(bucket_name=bucket, policy=text)
    assert client.get_bucket_policy(bucket_name=bucket) == text
    put(client, bucket, "k", b"public")
    with urllib.request.urlopen(f"{client._base_url._url.geturl()}/{bucket}/k") as answer:
        assert answer.read() == b"public"


def test_no_such_key(client, bucket):
    errors = module("minio.error")
    with pytest.raises(errors.S3Error) as found:
        client.stat_object(bucket_name=bucket, object_name="absent")
    assert found.value.code == "NoSuchKey"
