"""Default encryption of buckets; keys of the server (SSE-S3) and of the customer (SSE-C)."""

from __future__ import annotations

import base64
import hashlib
import itertools

import pytest
from botocore.exceptions import ClientError
from botocore.handlers import sse_md5

from .conftest import client_of

numbers = itertools.count()

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
BODY = b"secret content" * 1000
PART = bytes(range(256)) * 20480


def customer(key=KEY, prefix="SSE"):
    """The arguments of SSE-C."""
    return {
        f"{prefix}CustomerAlgorithm": "AES256",
        f"{prefix}CustomerKey": base64.b64encode(key).decode(),
        f"{prefix}CustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


@pytest.fixture
def safe(secured, tls, monkeypatch):
    """Customers' keys travel through TLS only."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls.certificate))
    client = client_of(secured, secured.alice)
    # botocore would hash the key by itself, and so mend what is to be examined
    for operation in ("PutObject", "GetObject", "HeadObject"):
        client.meta.events.unregister(f"before-parameter-build.s3.{operation}", sse_md5)
    return client


@pytest.fixture
def closed(safe):
    name = f"closed-{next(numbers)}"
    safe.create_bucket(Bucket=name)
    return name


def test_the_default_of_a_bucket(s3, bucket):
    """Every bucket has SSE-S3 since January 2023; older ones answered 404."""
    try:
        found = s3.get_bucket_encryption(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code == "ServerSideEncryptionConfigurationNotFoundError"
    else:
        [rule] = found["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def default(s3, bucket, **by):
    rule = {"ApplyServerSideEncryptionByDefault": by}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_a_default_is_kept(s3, bucket):
    default(s3, bucket, SSEAlgorithm="AES256")
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert found["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ServerSideEncryption"], got["Body"].read()) == ("AES256", BODY)
    answer = s3.delete_bucket_encryption(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize(
    "by", [{"SSEAlgorithm": "ROT13"}, {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "x"}]
)
def test_defaults_that_are_none(s3, bucket, by):
    with pytest.raises(ClientError) as found:
        default(s3, bucket, **by)
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_server_s_key(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="AES256")
    assert put["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=5-9")["Body"].read() == BODY[5:10]


def test_an_algorithm_that_is_none(s3, bucket, refused):
    with refused("InvalidEncryptionAlgorithmError", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="ROT13")


@pytest.mark.parametrize("kind", ["aws:kms", "aws:kms:dsse"])
def test_keys_of_a_service_that_is_not_there(s3, bucket, kind):
    with pytest.raises(ClientError) as found:
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption=kind)
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501)


def code_of(found):
    """(code, status) of a refusal; HEAD tells the status only."""
    error = found.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 100_000])
def test_a_customer_s_key(safe, closed, size):
    body = BODY * 10
    put = safe.put_object(Bucket=closed, Key="k", Body=body[:size], **customer())
    assert put["SSECustomerAlgorithm"] == "AES256"
    assert put["SSECustomerKeyMD5"] == customer()["SSECustomerKeyMD5"]
    got = safe.get_object(Bucket=closed, Key="k", **customer())
    assert got["Body"].read() == body[:size]
    assert got["SSECustomerAlgorithm"] == "AES256"
    assert safe.head_object(Bucket=closed, Key="k", **customer())["ContentLength"] == size
    if size > 10:
        got = safe.get_object(Bucket=closed, Key="k", Range="bytes=5-9", **customer())
        assert got["Body"].read() == body[5:10]


@pytest.mark.parametrize("ask", ["get_object", "head_object"])
def test_the_key_is_needed_to_read(safe, closed, ask):
    safe.put_object(Bucket=closed, Key="k", Body=BODY, **customer())
    with pytest.raises(ClientError) as found:
        getattr(safe, ask)(Bucket=closed, Key="k")
    assert code_of(found) in {("InvalidRequest", 400), ("400", 400)}
    with pytest.raises(ClientError) as found:
        getattr(safe, ask)(Bucket=closed, Key="k", **customer(OTHER))
    assert code_of(found) in {("AccessDenied", 403), ("403", 403)}


@pytest.mark.parametrize("ask", ["get_object", "head_object"])
def test_a_key_for_what_is_not_encrypted(safe, closed, ask):
    safe.put_object(Bucket=closed, Key="k", Body=BODY)
    with pytest.raises(ClientError) as found:
        getattr(safe, ask)(Bucket=closed, Key="k", **customer())
    assert code_of(found) in {("InvalidRequest", 400), ("400", 400)}


@pytest.mark.parametrize(
    "change",
    [
        {"SSECustomerAlgorithm": "ROT13"},
        {"SSECustomerAlgorithm": None},
        {"SSECustomerKey": None},
        {"SSECustomerKey": base64.b64encode(b"short").decode()},
        {"SSECustomerKeyMD5": None},
        {"SSECustomerKeyMD5": base64.b64encode(bytes(16)).decode()},
        {"ServerSideEncryption": "AES256"},
    ],
)
def test_keys_that_are_none(safe, closed, change):
    wishes = {name: value for name, value in (customer() | change).items() if value is not None}
    with pytest.raises(ClientError) as found:
        safe.put_object(Bucket=closed, Key="k", Body=BODY, **wishes)
    code, status = code_of(found)
    assert status == 400
    assert code in {"InvalidArgument", "InvalidRequest", "InvalidEncryptionAlgorithmError"}


def test_a_key_in_the_clear(s3, bucket):
    """S3 takes keys through TLS only; here a client on the same machine needs none."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, **customer())
    assert s3.get_object(Bucket=bucket, Key="k", **customer())["Body"].read() == BODY


def test_parts_with_a_customer_s_key(safe, closed):
    named = {"Bucket": closed, "Key": "k"}
    named["UploadId"] = safe.create_multipart_upload(**named, **customer())["UploadId"]
    parts = []
    for number, body in enumerate((PART, b"end"), 1):
        etag = safe.upload_part(**named, PartNumber=number, Body=body, **customer())["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    for wishes in ({}, customer(OTHER)):
        with pytest.raises(ClientError) as found:
            safe.upload_part(**named, PartNumber=3, Body=b"1", **wishes)
        assert code_of(found) == ("InvalidRequest", 400)
    safe.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    got = safe.get_object(Bucket=closed, Key="k", **customer())
    assert got["Body"].read() == PART + b"end"
    got = safe.get_object(Bucket=closed, Key="k", PartNumber=2, **customer())
    assert got["Body"].read() == b"end"
    asked = f"bytes={len(PART) - 2}-{len(PART) + 1}"
    got = safe.get_object(Bucket=closed, Key="k", Range=asked, **customer())
    assert got["Body"].read() == PART[-2:] + b"en"


def test_copies_from_key_to_key(safe, closed, refused):
    safe.put_object(Bucket=closed, Key="src", Body=BODY, **customer())
    source = {"Bucket": closed, "Key": "src"}
    with refused("InvalidRequest", 400):
        safe.copy_object(Bucket=closed, Key="dst", CopySource=source)
    safe.copy_object(
        Bucket=closed,
        Key="dst",
        CopySource=source,
        **customer(prefix="CopySourceSSE"),
        **customer(OTHER),
    )
    assert safe.get_object(Bucket=closed, Key="dst", **customer(OTHER))["Body"].read() == BODY
    safe.copy_object(
        Bucket=closed, Key="open", CopySource=source, **customer(prefix="CopySourceSSE")
    )
    assert safe.get_object(Bucket=closed, Key="open")["Body"].read() == BODY


def test_the_head_of_an_upload_tells_of_encryption(s3, bucket):
    named = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**named, ServerSideEncryption="AES256")
    assert upload["ServerSideEncryption"] == "AES256"
    named["UploadId"] = upload["UploadId"]
    part = s3.upload_part(**named, PartNumber=1, Body=BODY)
    assert part["ServerSideEncryption"] == "AES256"
    answer = s3.complete_multipart_upload(
        **named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert answer["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY


@pytest.fixture
def blocking(s3, bucket):
    """Say whether the bucket takes keys of customers."""

    def blocking(kind, **rule):
        rules = [{"BlockedEncryptionTypes": {"EncryptionType": [kind]}, **rule}]
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        return found["Rules"][0]

    return blocking


def test_keys_of_customers_can_be_blocked(s3, bucket, blocking, refused):
    """User Guide, "Blocking or unblocking SSE-C for a general purpose bucket"."""
    s3.put_object(Bucket=bucket, Key="before", Body=BODY, **customer())
    found = blocking("SSE-C")
    assert found["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    assert found["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    named = {"Bucket": bucket, "Key": "k"}
    with refused("AccessDenied", 403):
        s3.put_object(**named, Body=BODY, **customer())
    with refused("AccessDenied", 403):
        s3.create_multipart_upload(**named, **customer())
    s3.put_object(**named, Body=BODY)
    with refused("AccessDenied", 403):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=named, **customer())
    assert s3.get_object(Bucket=bucket, Key="before", **customer())["Body"].read() == BODY


def test_keys_of_customers_can_be_let_in_again(s3, bucket, blocking):
    blocking("SSE-C")
    assert "BlockedEncryptionTypes" not in blocking("NONE")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, **customer())


def test_other_kinds_cannot_be_blocked(blocking, refused):
    with refused("MalformedXML", 400):
        blocking("SSE-S3")
