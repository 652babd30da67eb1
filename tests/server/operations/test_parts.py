"""GetObject and HeadObject with `partNumber` (`holdall.server.parts`)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import client_of
from .in_parts import BODIES, send_in_parts, sha256


@pytest.fixture(scope="module")
def parted(server: Any) -> tuple[Any, str]:
    return send_in_parts(client_of(server, server.alice))


@pytest.mark.parametrize("number", list(BODIES))
def test_a_part_is_read_by_its_number(parted: tuple[Any, str], number: int) -> None:
    client, bucket = parted
    found = client.get_object(Bucket=bucket, Key="k", PartNumber=number, ChecksumMode="ENABLED")
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert found["PartsCount"] == 3
    assert found["Body"].read() == BODIES[number]
    assert (found["ChecksumSHA256"], found["ChecksumType"]) == (sha256(BODIES[number]), "COMPOSITE")
    head = client.head_object(Bucket=bucket, Key="k", PartNumber=number)
    assert (head["ContentLength"], head["PartsCount"]) == (len(BODIES[number]), 3)


@pytest.mark.parametrize("number", [3, 8, 10_000])
def test_a_part_that_is_not_there(parted: tuple[Any, str], refused: Any, number: int) -> None:
    client, bucket = parted
    with refused("InvalidPartNumber", 416):
        client.get_object(Bucket=bucket, Key="k", PartNumber=number)


@pytest.mark.parametrize("number", ["0", "10001", "x", ""])
def test_a_number_that_is_none(parted: tuple[Any, str], send: Any, number: str) -> None:
    answer = send("GET", f"/{parted[1]}/k?partNumber={number}")
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_an_object_in_one_piece_is_its_first_part(alice: Any, bucket: str, refused: Any) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=b"abc")
    found = alice.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert found["Body"].read() == b"abc"
    assert "PartsCount" not in found
    with refused("InvalidPartNumber", 416):
        alice.get_object(Bucket=bucket, Key="k", PartNumber=2)


def test_an_empty_object_is_its_first_part(alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=b"")
    assert alice.get_object(Bucket=bucket, Key="k", PartNumber=1)["Body"].read() == b""


def test_a_part_and_a_range_at_once(parted: tuple[Any, str], refused: Any) -> None:
    client, bucket = parted
    with refused("InvalidRequest", 400):
        client.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")
