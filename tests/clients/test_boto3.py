"""boto3, over http and over https: it sends bodies in different ways over each."""

from __future__ import annotations

import io
import socket
import urllib.request
from functools import partial
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .needs import KEYS_ONLY, LARGE, SMALL, client_of


@pytest.fixture(params=["http", "https"])
def running(request):
    return request.getfixturevalue("server" if request.param == "http" else "https")


@pytest.fixture
def client(running):
    return client_of(running)


@pytest.fixture
def bucket(client, name):
    client.create_bucket(Bucket=name)
    return name


def test_objects_of_every_name(client, bucket):
    contents = SMALL | {key: key.encode() for key in KEYS_ONLY}
    for key, content in contents.items():
        client.put_object(
            Bucket=bucket, Key=key, Body=content, Metadata={"size": str(len(content))}
        )
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 3}
    )
    assert [each["Key"] for page in pages for each in page["Contents"]] == sorted(
        contents, key=str.encode
    )
    for key, content in contents.items():
        got = client.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == content
        assert got["Metadata"] == {"size": str(len(content))}
    objects = [{"Key": key} for key in contents]
    assert len(client.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]) == len(
        contents
    )
    client.delete_bucket(Bucket=bucket)


def test_a_large_file_both_ways(client, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(LARGE)
    client.upload_file(str(source), bucket, "large", ExtraArgs={"ContentType": "image/x"})
    head = client.head_object(Bucket=bucket, Key="large")
    assert (head["ContentLength"], head["ContentType"]) == (len(LARGE), "image/x")
    assert head["ETag"].endswith('-3"')
    client.download_file(bucket, "large", str(target))
    assert target.read_bytes() == LARGE
    got = client.get_object(Bucket=bucket, Key="large", Range="bytes=8388600-8388620")
    assert got["Body"].read() == LARGE[8388600:8388621]


def test_streams(client, bucket):
    client.upload_fileobj(io.BytesIO(b"from a stream"), bucket, "k")
    sink = io.BytesIO()
    client.download_fileobj(bucket, "k", sink)
    assert sink.getvalue() == b"from a stream"
    client.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(LARGE))
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == LARGE


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(client, bucket, algorithm):
    """Over http they are headers of a signed body, over https a trailer of an unsigned one."""
    put = client.put_object(
        Bucket=bucket, Key="k", Body=io.BytesIO(b"content"), ChecksumAlgorithm=algorithm
    )
    got = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"content"
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


def test_a_managed_copy(client, bucket):
    client.put_object(Bucket=bucket, Key="a b+c", Body=LARGE, Metadata={"a": "b"})
    client.copy({"Bucket": bucket, "Key": "a b+c"}, bucket, "copy")
    got = client.get_object(Bucket=bucket, Key="copy")
    assert got["Body"].read() == LARGE
    assert got["Metadata"] == {"a": "b"}


def test_versions(client, bucket):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = [client.put_object(Bucket=bucket, Key="k", Body=b"%d" % n)["VersionId"] for n in range(3)]
    client.delete_object(Bucket=bucket, Key="k")
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )
    found = [each["VersionId"] for page in pages for each in page.get("Versions", [])]
    assert found == ids[::-1]
    got = client.get_object(Bucket=bucket, Key="k", VersionId=ids[0])
    assert got["Body"].read() == b"0"


def test_waiters(client, bucket):
    client.get_waiter("bucket_exists").wait(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="k", Body=b"1")
    client.get_waiter("object_exists").wait(Bucket=bucket, Key="k")
    client.get_waiter("object_not_exists").wait(Bucket=bucket, Key="absent")


def test_errors_have_their_classes(client, bucket):
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket=bucket, Key="absent")
    with pytest.raises(client.exceptions.NoSuchBucket):
        client.get_object(Bucket=bucket + "-absent", Key="k")
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket=bucket, Key="absent")


def fetch(url, data=None, method=None):
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def test_signed_addresses(server, name):
    client = client_of(server, config=Config(signature_version="s3v4"))
    client.create_bucket(Bucket=name)
    named = {"Bucket": name, "Key": "a b+c/ü"}
    fetch(client.generate_presigned_url("put_object", Params=named), b"by address", "PUT")
    assert fetch(client.generate_presigned_url("get_object", Params=named)) == b"by address"


def test_signed_addresses_of_old(server, name, monkeypatch):
    """In the older regions boto3 signs addresses with version 2 unless it is told not to."""
    client = client_of(server)
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a b+c", Body=b"1")
    url = client.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a b+c"})
    assert "AWSAccessKeyId=" in url
    monkeypatch.setattr(server.state, "allow_sigv2", True)
    assert fetch(url) == b"1"
    with pytest.raises(HTTPError, match="403"):
        fetch(url.replace("Signature=", "Signature=A"))


def resolve_here(resolve, host, *more, **options):
    """Whatever the name, it is this machine's."""
    return resolve("127.0.0.1", *more, **options)


def test_virtual_hosts(server, name, monkeypatch):
    """The bucket is in the host's name, below a domain that the server was told of."""
    monkeypatch.setattr(server.state, "domains", ("localhost",))
    monkeypatch.setattr(socket, "getaddrinfo", partial(resolve_here, socket.getaddrinfo))
    port = server.endpoint.rsplit(":", 1)[1]
    settings = Config(s3={"addressing_style": "virtual"})
    client = boto3.client(
        "s3",
        endpoint_url=f"http://localhost:{port}",
        aws_access_key_id=server.alice.access_key,
        aws_secret_access_key=server.alice.secret_key,
        region_name="us-east-1",
        config=settings,
    )
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a//b c", Body=b"1")
    assert client.get_object(Bucket=name, Key="a//b c")["Body"].read() == b"1"
    assert client.list_objects_v2(Bucket=name)["KeyCount"] == 1
