"""Where customers' keys may come from, and what is remembered of them."""

from __future__ import annotations

import base64
from hashlib import md5
from typing import Any

import pytest

from holdall.s3.errors import S3Error
from holdall.server.encryption import BY_CUSTOMER, BY_SERVER, customer_of, headers, is_same
from holdall.server.request import Request

KEY = bytes(range(32))
NAME = "x-amz-server-side-encryption-customer-"


def request(client: str, scheme: str = "http", key: bytes = KEY) -> Request:
    sent = {
        "algorithm": "AES256",
        "key": base64.b64encode(key).decode(),
        "key-md5": base64.b64encode(md5(key).digest()).decode(),
    }
    scope: dict[str, Any] = {
        "method": "PUT",
        "raw_path": b"/box/k",
        "query_string": b"",
        "scheme": scheme,
        "client": (client, 1),
        "headers": [((NAME + name).encode(), text.encode()) for name, text in sent.items()],
    }

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody reads a body here")

    return Request(scope, receive, "id")


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_key_may_come_over_loopback(client: str) -> None:
    found = customer_of(request(client))
    assert found is not None
    assert found.is_that_of({BY_CUSTOMER: base64.b64encode(md5(KEY).digest()).decode()})


@pytest.mark.parametrize("client", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "", "somebody"])
def test_a_key_may_not_come_over_a_plain_network(client: str) -> None:
    with pytest.raises(S3Error, match="secure connection") as refused:
        customer_of(request(client))
    assert refused.value.code == "InvalidRequest"
    assert customer_of(request(client, "https")) is not None


def test_neither_keys_nor_their_text_are_shown() -> None:
    shown = repr(customer_of(request("::1")))
    for form in (KEY.hex(), base64.b64encode(KEY).decode(), repr(KEY)):
        assert form not in shown


def test_a_key_is_not_that_of_an_object_without_one() -> None:
    found = customer_of(request("::1"))
    assert found is not None
    assert not found.is_that_of({})
    assert not found.is_that_of({BY_CUSTOMER: base64.b64encode(bytes(16)).decode()})


def test_what_is_told() -> None:
    assert headers({}) == []
    assert headers({BY_SERVER: "AES256"}) == [("x-amz-server-side-encryption", "AES256")]
    assert headers({BY_CUSTOMER: "AA=="}) == [
        (f"{NAME}algorithm", "AES256"),
        (f"{NAME}key-md5", "AA=="),
    ]


def test_copies_move_bytes_only_to_another_key() -> None:
    kinds = [{}, {BY_SERVER: "AES256"}, {BY_CUSTOMER: "A"}, {BY_CUSTOMER: "B"}]
    for one in kinds:
        assert [is_same(one, {"x": "y"} | other) for other in kinds] == [
            one is other for other in kinds
        ]
