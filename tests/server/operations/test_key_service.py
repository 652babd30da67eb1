"""SSE-KMS, in every way to ask for it: refused in the same words, and nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config

from holdall.testing.server import Running

HEADER = "x-amz-server-side-encryption"
ALGORITHMS = "aws:kms", "aws:kms:dsse"
REFUSED = (
    501,
    "NotImplemented",
    "Encryption with the keys of a key management service (SSE-KMS)",
)
RULE = """<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
<SSEAlgorithm>{}</SSEAlgorithm><KMSMasterKeyID>key</KMSMasterKeyID>\
</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"""

Ask = Callable[[str, dict[str, str]], tuple[int, str, str]]


def told(status: int, body: bytes) -> tuple[int, str, str]:
    text = body.decode()
    found = [re.search(f"<{name}>([^<]*)<", text) for name in ("Code", "Message")]
    code, message = (match[1] if match else "" for match in found)
    return status, code, message


@pytest.fixture
def upload(alice: Any, bucket: str) -> str:
    return str(alice.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"])


@pytest.fixture
def ways(server: Running, alice: Any, bucket: str, upload: str, send: Any) -> dict[str, Ask]:
    alice.put_object(Bucket=bucket, Key="source", Body=b"text")
    part = f"/{bucket}/parts?partNumber=1&uploadId={upload}"
    copied = {"x-amz-copy-source": f"{bucket}/source"}

    def sent(method: str, path: str, body: bytes = b"", **more: str) -> Ask:
        def ask(algorithm: str, headers: dict[str, str]) -> tuple[int, str, str]:
            rule = RULE.format(algorithm).encode() if path.endswith("?encryption") else body
            named = dict(more)
            answer = send(method, path, body=rule, headers=named | headers)
            return told(answer.status, answer.body)

        return ask

    def form(algorithm: str, headers: dict[str, str]) -> tuple[int, str, str]:
        conditions = [{name: text} for name, text in headers.items()]
        signer = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.alice.access_key,
            aws_secret_access_key=server.alice.secret_key,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        made = signer.generate_presigned_post(bucket, "k", Fields=headers, Conditions=conditions)
        fields = {**made["fields"], "file": ("name", b"text")}
        answer = urllib3.request("POST", made["url"], fields=fields)
        return told(answer.status, answer.data)

    return {
        "PutObject": sent("PUT", f"/{bucket}/k", b"text"),
        "CopyObject": sent("PUT", f"/{bucket}/k", **copied),
        "CopyObject onto itself": sent("PUT", f"/{bucket}/source", **copied),
        "CreateMultipartUpload": sent("POST", f"/{bucket}/k?uploads"),
        "UploadPart": sent("PUT", part, b"text"),
        "UploadPartCopy": sent("PUT", part, **copied),
        "PutBucketEncryption": sent("PUT", f"/{bucket}?encryption"),
        "PostObject": form,
    }


WAYS = (
    *("PutObject", "CopyObject", "CopyObject onto itself", "CreateMultipartUpload", "UploadPart"),
    *("UploadPartCopy", "PutBucketEncryption", "PostObject"),
)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_refused_in_the_same_words(
    ways: dict[str, Ask], way: str, algorithm: str, alice: Any, bucket: str, upload: str
) -> None:
    assert ways[way](algorithm, {HEADER: algorithm}) == REFUSED
    with_key = {HEADER: algorithm, f"{HEADER}-aws-kms-key-id": "key"}
    assert ways[way](algorithm, with_key) == REFUSED
    assert_nothing_is_stored(alice, bucket, upload)


@pytest.mark.parametrize("name", ["aws-kms-key-id", "context"])
@pytest.mark.parametrize("way", ["PutObject", "CopyObject", "CreateMultipartUpload", "PostObject"])
def test_a_word_about_its_key_alone(
    ways: dict[str, Ask], way: str, name: str, alice: Any, bucket: str, upload: str
) -> None:
    status, code, _ = ways[way]("", {f"{HEADER}-{name}": "e30="})
    assert (status, code) == (400, "InvalidArgument")
    assert_nothing_is_stored(alice, bucket, upload)


@pytest.mark.parametrize("algorithm", ["AWS:KMS", " aws:kms-x", "kms"])
def test_what_only_looks_like_it(
    ways: dict[str, Ask], algorithm: str, alice: Any, bucket: str, upload: str
) -> None:
    status, code, _ = ways["PutObject"](algorithm, {HEADER: algorithm})
    assert (status, code) == (400, "InvalidEncryptionAlgorithmError")
    assert_nothing_is_stored(alice, bucket, upload)


def assert_nothing_is_stored(alice: Any, bucket: str, upload: str) -> None:
    """But for what was there before."""
    (held,) = alice.list_object_versions(Bucket=bucket)["Versions"]
    assert held["Key"] == "source"
    (started,) = alice.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert started["UploadId"] == upload
    assert "Parts" not in alice.list_parts(Bucket=bucket, Key="parts", UploadId=upload)
    with pytest.raises(alice.exceptions.ClientError, match="ConfigurationNotFound"):
        alice.get_bucket_encryption(Bucket=bucket)
