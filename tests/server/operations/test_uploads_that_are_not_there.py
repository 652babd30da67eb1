"""An upload that never was, one of another key and one of another bucket: the same answer, and
none to those who may not ask."""

from __future__ import annotations

import re
from typing import Any

import pytest

COMPLETION = b"""<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
<ETag>"900150983cd24fb0d6963f7d28e17f72"</ETag></Part></CompleteMultipartUpload>"""
CALLS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "UploadPart": ("PUT", "partNumber=1&", b"abc", {}),
    "UploadPartCopy": ("PUT", "partNumber=1&", b"", {"x-amz-copy-source": "{bucket}/there"}),
    "ListParts": ("GET", "", b"", {}),
    "AbortMultipartUpload": ("DELETE", "", b"", {}),
    "CompleteMultipartUpload": ("POST", "", COMPLETION, {}),
}
KINDS = "never was", "of another key", "of another bucket", "no id at all"


@pytest.fixture
def ids(alice: Any, bucket: str) -> dict[str, str]:
    """Uploads that are not there, by why; the true one is of the key `k`."""
    alice.put_object(Bucket=bucket, Key="there", Body=b"abc")
    alice.create_bucket(Bucket=f"{bucket}-2")
    start = alice.create_multipart_upload
    true = start(Bucket=bucket, Key="k")["UploadId"]
    return {
        "true": true,
        "never was": re.sub("[0-9a-z]", "0", true, flags=re.IGNORECASE),
        "of another key": start(Bucket=bucket, Key="other")["UploadId"],
        "of another bucket": start(Bucket=f"{bucket}-2", Key="k")["UploadId"],
        "no id at all": "nope",
    }


@pytest.mark.parametrize("name", CALLS)
def test_the_same_answer_whyever(
    name: str, bucket: str, ids: dict[str, str], send: Any, server: Any
) -> None:
    answers = {_shape(ask(send, name, bucket, ids[kind], server.alice)) for kind in KINDS}
    ((status, body),) = answers
    assert status == 404
    assert b"<Code>NoSuchUpload</Code>" in body


@pytest.mark.parametrize("who", ["bob", "anonymous"])
@pytest.mark.parametrize("name", CALLS)
def test_who_may_not_ask_is_not_told(
    name: str, who: str, bucket: str, ids: dict[str, str], send: Any, server: Any
) -> None:
    account = server.bob if who == "bob" else None
    answers = {_shape(ask(send, name, bucket, id, account)) for id in ids.values()}
    ((status, body),) = answers
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body


@pytest.mark.parametrize("name", CALLS)
def test_the_true_one_is_found(
    name: str, bucket: str, ids: dict[str, str], send: Any, server: Any
) -> None:
    """Else the tests above would show nothing."""
    answer = ask(send, name, bucket, ids["true"], server.alice)
    assert b"NoSuchUpload" not in answer.body
    assert answer.status in (200, 204, 400)


def ask(send: Any, name: str, bucket: str, id: str, account: Any) -> Any:
    method, query, body, headers = CALLS[name]
    given = {key: value.format(bucket=bucket) for key, value in headers.items()}
    path = f"/{bucket}/k?{query}uploadId={id}"
    return send(method, path, body=body, headers=given, account=account)


def _shape(answer: Any) -> tuple[int, bytes]:
    """What a caller can tell, but for the number that every answer has of its own."""
    return answer.status, re.sub(rb"<(RequestId|HostId)>[^<]*", b"", answer.body)
