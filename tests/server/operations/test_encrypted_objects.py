"""Objects that the server encrypts, with its own key and with customers', over real HTTP."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from holdall.testing.server import Running

MIB = 1024 * 1024
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PHRASE = b"Nobody shall find these words on the disk. "
SMALL, LARGE = PHRASE * 10, PHRASE * 5000
SERVER = {"ServerSideEncryption": "AES256"}
NAME = "x-amz-server-side-encryption"


def customer(key: bytes = KEY, prefix: str = "") -> dict[str, str]:
    """What boto3 sends as the three headers of SSE-C."""
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(md5(key).digest()).decode(),
    }


def source(key: bytes = KEY) -> dict[str, str]:
    return customer(key, "CopySource")


def told(answer: dict[str, Any]) -> dict[str, str]:
    """What an answer says of encryption."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return {name: headers[name] for name in headers if "encryption" in name}


BY_SERVER = {NAME: "AES256"}
BY_CUSTOMER = {
    f"{NAME}-customer-algorithm": "AES256",
    f"{NAME}-customer-key-md5": customer()["SSECustomerKeyMD5"],
}

KINDS: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]] = {
    "plain": ({}, {}, {}, {}),
    "server": (SERVER, {}, {}, BY_SERVER),
    "customer": (customer(), customer(), source(), BY_CUSTOMER),
    "other customer": (
        customer(OTHER),
        customer(OTHER),
        source(OTHER),
        BY_CUSTOMER | {f"{NAME}-customer-key-md5": customer(OTHER)["SSECustomerKeyMD5"]},
    ),
}
"""How one is asked for, read, and copied from, and what is told of it."""


@pytest.fixture(autouse=True)
def sound(server: Running) -> Any:
    yield
    assert server.problems() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", SMALL, LARGE])
def test_an_object_comes_back(alice: Any, bucket: str, kind: str, body: bytes) -> None:
    asked, read, _, expected = KINDS[kind]
    put = alice.put_object(Bucket=bucket, Key="k", Body=body, **asked)
    got = alice.get_object(Bucket=bucket, Key="k", **read)
    assert got["Body"].read() == body
    head = alice.head_object(Bucket=bucket, Key="k", **read)
    assert [told(answer) for answer in (put, got, head)] == [expected] * 3
    assert head["ContentLength"] == len(body)
    assert (put["ETag"] == f'"{md5(body).hexdigest()}"') == ("customer" not in kind)
    assert put["ETag"] == got["ETag"] == head["ETag"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [SMALL, LARGE])
def test_ranges(alice: Any, bucket: str, kind: str, body: bytes) -> None:
    asked, read, _, expected = KINDS[kind]
    alice.put_object(Bucket=bucket, Key="k", Body=body, **asked)
    for first, last in ((0, 0), (1, 15), (15, 17), (100, len(body) - 1), (17, 400)):
        got = alice.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}", **read)
        assert got["Body"].read() == body[first : last + 1]
        assert told(got) == expected


@pytest.mark.parametrize("kind", ["server", "customer"])
def test_nothing_of_it_lies_on_the_disk(
    server: Running, alice: Any, bucket: str, kind: str
) -> None:
    phrase = secrets.token_bytes(20)  # others have stored theirs here, and not encrypted
    for key, body in (("small", phrase * 10), ("large", phrase * 10_000)):
        alice.put_object(Bucket=bucket, Key=key, Body=body, **KINDS[kind][0])
    store = Path(server.state.engine.catalog.directory)  # type: ignore[attr-defined]
    everything = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    assert phrase not in everything
    for form in (KEY, base64.b64encode(KEY), KEY.hex().encode()):
        assert form not in everything


@pytest.mark.parametrize("body", [b"", SMALL, LARGE])
def test_a_customer_s_object_needs_the_customer_s_key(
    alice: Any, bucket: str, refused: Callable[..., Any], body: bytes
) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=body, **customer())
    for more in ({}, {"Range": "bytes=0-0"}) if body else ({},):
        with refused("InvalidRequest", 400) as said:
            alice.get_object(Bucket=bucket, Key="k", **more)
        assert "form of Server Side Encryption" in said.error["Message"]
        with refused("AccessDenied", 403):
            alice.get_object(Bucket=bucket, Key="k", **customer(OTHER), **more)
    with refused("400", 400):
        alice.head_object(Bucket=bucket, Key="k")
    with refused("403", 403):
        alice.head_object(Bucket=bucket, Key="k", **customer(OTHER))
    with refused("InvalidRequest", 400):
        alice.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    found = alice.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"], **customer()
    )
    assert found["ObjectSize"] == len(body)


@pytest.mark.parametrize("kind", ["plain", "server"])
def test_a_key_that_is_not_needed(
    alice: Any, bucket: str, refused: Callable[..., Any], kind: str
) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=SMALL, **KINDS[kind][0])
    with refused("InvalidRequest", 400) as said:
        alice.get_object(Bucket=bucket, Key="k", **customer())
    assert "not applicable" in said.error["Message"]
    with refused("InvalidRequest", 400):
        alice.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", **source())


def test_asking_for_encryption_where_nothing_is_stored(send: Any, alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=SMALL)
    answer = send("GET", f"/{bucket}/k", headers={NAME: "AES256"})
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_a_bucket_s_default(alice: Any, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    alice.put_object(Bucket=bucket, Key="before", Body=SMALL)
    alice.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert told(alice.put_object(Bucket=bucket, Key="k", Body=SMALL)) == BY_SERVER
    assert told(alice.get_object(Bucket=bucket, Key="before")) == {}
    assert told(alice.put_object(Bucket=bucket, Key="c", Body=SMALL, **customer())) == BY_CUSTOMER
    copied = alice.copy_object(Bucket=bucket, Key="before", CopySource=f"{bucket}/before")
    assert told(copied) == BY_SERVER
    assert alice.get_object(Bucket=bucket, Key="before")["Body"].read() == SMALL
    upload = alice.create_multipart_upload(Bucket=bucket, Key="m")
    assert told(upload) == BY_SERVER


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("into", KINDS)
@pytest.mark.parametrize("body", [SMALL, LARGE])
def test_copies(alice: Any, bucket: str, kind: str, into: str, body: bytes) -> None:
    alice.put_object(
        Bucket=bucket, Key="k", Body=body, Metadata={"a": "b"}, Tagging="t=1", **KINDS[kind][0]
    )
    asked, read, _, expected = KINDS[into]
    copied = alice.copy_object(
        Bucket=bucket, Key="c", CopySource=f"{bucket}/k", **asked, **KINDS[kind][2]
    )
    assert told(copied) == expected
    alice.delete_object(Bucket=bucket, Key="k")
    got = alice.get_object(Bucket=bucket, Key="c", ChecksumMode="ENABLED", **read)
    assert (got["Body"].read(), got["Metadata"]) == (body, {"a": "b"})
    assert told(got) == expected
    assert got["ETag"] == copied["CopyObjectResult"]["ETag"]
    if "customer" not in kind + into:
        assert got["ETag"] == f'"{md5(body).hexdigest()}"'
    assert alice.get_object_tagging(Bucket=bucket, Key="c")["TagSet"] == [
        {"Key": "t", "Value": "1"}
    ]


def test_copies_of_a_customer_s_object_need_its_key(
    alice: Any, bucket: str, refused: Callable[..., Any]
) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=LARGE, **customer())
    wanted = {"Bucket": bucket, "Key": "c", "CopySource": f"{bucket}/k"}
    with refused("InvalidRequest", 400):
        alice.copy_object(**wanted)
    with refused("InvalidRequest", 400):
        alice.copy_object(**wanted, **customer())
    with refused("AccessDenied", 403):
        alice.copy_object(**wanted, **source(OTHER))


def test_the_key_of_an_object_is_changed_in_place(alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=LARGE, **customer())
    alice.copy_object(
        Bucket=bucket, Key="k", CopySource=f"{bucket}/k", **source(), **customer(OTHER)
    )
    assert alice.get_object(Bucket=bucket, Key="k", **customer(OTHER))["Body"].read() == LARGE


def test_a_checksum_is_asked_for_in_a_copy(alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=LARGE, **customer())
    plain = alice.put_object(Bucket=bucket, Key="p", Body=LARGE, ChecksumAlgorithm="SHA256")
    for asked in (customer(), SERVER, {}):
        copied = alice.copy_object(
            Bucket=bucket,
            Key="c",
            CopySource=f"{bucket}/k",
            ChecksumAlgorithm="SHA256",
            **source(),
            **asked,
        )
        assert copied["CopyObjectResult"]["ChecksumSHA256"] == plain["ChecksumSHA256"]


@pytest.mark.parametrize("kind", KINDS)
def test_uploads_in_parts(alice: Any, bucket: str, kind: str) -> None:
    """Sent parts, a copied one, and a range: of an object that is protected in the same way,
    and of one that is not."""
    asked, read, _, expected = KINDS[kind]
    first = PHRASE * (5 * MIB // len(PHRASE) + 1)
    alice.put_object(Bucket=bucket, Key="same", Body=first, **asked)
    alice.put_object(Bucket=bucket, Key="own", Body=first, **customer(OTHER))
    started = alice.create_multipart_upload(Bucket=bucket, Key="k", **asked)
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    secret = read  # only a customer's key is sent again
    sent = alice.upload_part(**upload, PartNumber=1, Body=first, **secret)
    same = alice.upload_part_copy(
        **upload, PartNumber=2, CopySource=f"{bucket}/same", **secret, **KINDS[kind][2]
    )
    other = alice.upload_part_copy(
        **upload,
        PartNumber=3,
        CopySource=f"{bucket}/own",
        CopySourceRange="bytes=17-1234567",
        **secret,
        **source(OTHER),
    )
    tags = [sent["ETag"], same["CopyPartResult"]["ETag"], other["CopyPartResult"]["ETag"]]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    done = alice.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert [told(answer) for answer in (started, sent, same, other)] == [expected] * 4
    assert told(done) == (BY_SERVER if kind == "server" else {})
    whole = first + first + first[17:1234568]
    got = alice.get_object(Bucket=bucket, Key="k", **read)
    assert (got["Body"].read() == whole, told(got)) == (True, expected)
    some = alice.get_object(
        Bucket=bucket, Key="k", Range=f"bytes={len(first) - 9}-{len(first) * 2 + 9}", **read
    )
    assert some["Body"].read() == whole[len(first) - 9 : len(first) * 2 + 10]
    part = alice.get_object(Bucket=bucket, Key="k", PartNumber=3, **read)
    assert part["Body"].read() == first[17:1234568]


def test_parts_need_the_key_of_their_upload(
    alice: Any, bucket: str, refused: Callable[..., Any]
) -> None:
    started = alice.create_multipart_upload(Bucket=bucket, Key="k", **customer())
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    with refused("InvalidRequest", 400) as said:
        alice.upload_part(**upload, PartNumber=1, Body=b"1")
    assert "Subsequent part requests" in said.error["Message"]
    with refused("InvalidRequest", 400):
        alice.upload_part(**upload, PartNumber=1, Body=b"1", **customer(OTHER))
    part = alice.upload_part(**upload, PartNumber=1, Body=b"1", **customer())
    chosen = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with refused("InvalidRequest", 400):
        alice.complete_multipart_upload(**upload, MultipartUpload=chosen, **customer(OTHER))
    alice.complete_multipart_upload(**upload, MultipartUpload=chosen, **customer())
    assert alice.get_object(Bucket=bucket, Key="k", **customer())["Body"].read() == b"1"


def test_no_part_brings_a_key_to_an_upload_without_one(
    alice: Any, bucket: str, refused: Callable[..., Any]
) -> None:
    started = alice.create_multipart_upload(Bucket=bucket, Key="k", **SERVER)
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    with refused("InvalidRequest", 400):
        alice.upload_part(**upload, PartNumber=1, Body=b"1", **customer())
    alice.abort_multipart_upload(**upload)


def without(name: str) -> dict[str, str]:
    found = headers()
    del found[f"{NAME}-customer-{name}"]
    return found


def headers(**changed: str) -> dict[str, str]:
    found = {
        f"{NAME}-customer-algorithm": "AES256",
        f"{NAME}-customer-key": customer()["SSECustomerKey"],
        f"{NAME}-customer-key-md5": customer()["SSECustomerKeyMD5"],
    }
    return found | {
        f"{NAME}-customer-{name.replace('_', '-')}": text for name, text in changed.items()
    }


SHORT = base64.b64encode(bytes(16)).decode()

WRONG = {
    "no algorithm": (without("algorithm"), "InvalidArgument", "valid encryption algorithm"),
    "no key": (without("key"), "InvalidArgument", "appropriate secret key"),
    "no md5": (without("key-md5"), "InvalidArgument", "client calculated MD5"),
    "unknown algorithm": (headers(algorithm="AES128"), "InvalidEncryptionAlgorithmError", "AES256"),
    "short key": (headers(key=SHORT), "InvalidArgument", "secret key was invalid"),
    "no base64": (headers(key="!"), "InvalidArgument", "secret key was invalid"),
    "another md5": (headers(key_md5=SHORT), "InvalidArgument", "calculated MD5"),
    "both": (headers() | {NAME: "AES256"}, "InvalidArgument", "incompatible"),
    "unknown": ({NAME: "ROT13"}, "InvalidEncryptionAlgorithmError", "AES256"),
    "empty": ({NAME: ""}, "InvalidEncryptionAlgorithmError", "AES256"),
    "key service": ({NAME: "aws:kms"}, "NotImplemented", "SSE-KMS"),
    "key service twice": ({NAME: "aws:kms:dsse"}, "NotImplemented", "SSE-KMS"),
    "key id alone": ({f"{NAME}-aws-kms-key-id": "k"}, "InvalidArgument", "aws:kms"),
    "key id": ({f"{NAME}-aws-kms-key-id": "k", NAME: "AES256"}, "InvalidArgument", "aws:kms"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("path", ["k", "k?uploads"])
def test_what_is_asked_for_wrongly(send: Any, bucket: str, case: str, path: str) -> None:
    sent, code, message = WRONG[case]
    method = "POST" if "uploads" in path else "PUT"
    answer = send(method, f"/{bucket}/{path}", body=b"", headers=sent)
    assert answer.status == (501 if code == "NotImplemented" else 400)
    assert f"<Code>{code}</Code>".encode() in answer.body
    assert message.encode() in answer.body
    assert customer()["SSECustomerKey"].encode() not in answer.body
    assert send("GET", f"/{bucket}/k").status == 404


def test_policies_demand_encryption(alice: Any, bucket: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"Null": {f"s3:{NAME}": "true"}},
            }
        ],
    }
    alice.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with pytest.raises(ClientError, match="AccessDenied"):
        alice.put_object(Bucket=bucket, Key="k", Body=b"1")
    alice.put_object(Bucket=bucket, Key="k", Body=b"1", **SERVER)


@pytest.mark.parametrize("kind", ["server", "customer"])
def test_a_form(server: Running, bucket: str, kind: str) -> None:
    fields = {"x-amz-server-side-encryption": "AES256"} if kind == "server" else headers()
    conditions = [{name: text} for name, text in fields.items()]
    alice = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.alice.access_key,
        aws_secret_access_key=server.alice.secret_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    form = alice.generate_presigned_post(bucket, "k", Fields=fields, Conditions=conditions)
    answer = urllib3.request(
        "POST", form["url"], fields={**form["fields"], "file": ("name", LARGE)}
    )
    assert answer.status == 204, answer.data
    expected = BY_SERVER if kind == "server" else BY_CUSTOMER
    assert {name: answer.headers[name] for name in expected} == expected
    got = alice.get_object(Bucket=bucket, Key="k", **KINDS[kind][1])
    assert got["Body"].read() == LARGE
