from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("method", "query"), [("POST", "select&select-type=2"), ("GET", "torrent")]
)
def test_not_implemented(send, alice, bucket, method, query):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    answer = send(method, f"/{bucket}/key?{query}", body=b"<Request/>" if method == "POST" else b"")
    assert answer.status == 501
    assert b"<Code>NotImplemented</Code>" in answer.body


@pytest.mark.parametrize(("method", "query"), [("POST", "select"), ("GET", "torrent")])
def test_strangers_are_not_told(server, send, bucket, method, query):
    assert send(method, f"/{bucket}/key?{query}", account=server.bob).status == 403
