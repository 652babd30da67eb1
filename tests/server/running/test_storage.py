"""A store whose bytes are in a bucket, or whose names are in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.core.errors import Conflict, InvalidArgument
from holdall.server.storage import Place, Storage, place_of
from holdall.testing.postgres import PostgresServer, postgres_server
from tests.server.whole import Whole, s3, serving_whole

__all__ = ["postgres_server"]
BIG = bytes(range(256)) * 4096 * 4


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://box", Place("https://s3.us-east-1.amazonaws.com", "us-east-1", "box", "")),
        (
            "s3://box/a/b?region=eu-west-1",
            Place("https://s3.eu-west-1.amazonaws.com", "eu-west-1", "box", "a/b/"),
        ),
        (
            "s3://box/?endpoint=http://127.0.0.1:8333",
            Place("http://127.0.0.1:8333", "us-east-1", "box", ""),
        ),
    ],
)
def test_an_address_is_read(url: str, place: Place) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url", ["", "box", "http://box", "s3://", "s3://k:s@box", "s3://box?endpiont=x", "s3://b?x"]
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Storage(url)


def test_secrets_are_not_shown(whole: Whole) -> None:
    found = Storage("s3://box", whole.profile.credentials, "postgresql://me:hush@host/db")
    assert whole.profile.secret_key not in repr(found)
    assert "hush" not in repr(found)


def test_bytes_in_a_bucket(whole: Whole, tmp_path: Path) -> None:
    """Another Holdall is the S3-compatible store here; SeaweedFS has a suite of its own."""
    below = s3(whole.profile)
    below.create_bucket(Bucket="payloads")
    url = f"s3://payloads/store?endpoint={whole.endpoint}"
    storage = Storage(url, whole.profile.credentials)
    with serving_whole(tmp_path / "store", storage=storage) as found:
        client = s3(found.profile)
        client.create_bucket(Bucket="box")
        client.put_object(Bucket="box", Key="big", Body=BIG)
        client.put_object(Bucket="box", Key="small", Body=b"x")
    assert not (tmp_path / "store" / "payloads").exists()
    listed = below.list_objects_v2(Bucket="payloads", Prefix="store/")
    assert sum(entry["Size"] for entry in listed["Contents"]) == len(BIG)
    with serving_whole(tmp_path / "store", storage=storage) as again:
        body = s3(again.profile).get_object(Bucket="box", Key="big")["Body"]
        assert body.read() == BIG
    for other in (Storage(), Storage(url.replace("store", "other"), whole.profile.credentials)):
        with (
            pytest.raises(Conflict, match="s3://payloads/store/"),
            serving_whole(tmp_path / "store", storage=other),
        ):
            pass


def test_bytes_do_not_move_to_a_bucket(whole: Whole, tmp_path: Path) -> None:
    with serving_whole(tmp_path / "store"):
        pass
    storage = Storage(f"s3://x?endpoint={whole.endpoint}", whole.profile.credentials)
    with (
        pytest.raises(Conflict, match="in the directory"),
        serving_whole(tmp_path / "store", storage=storage),
    ):
        pass


@pytest.mark.postgres
def test_names_in_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    storage = Storage(catalog=postgres_server.dsn)
    for turn in range(2):
        with serving_whole(tmp_path / "store", storage=storage) as found:
            client = s3(found.profile)
            if turn == 0:
                client.create_bucket(Bucket="box")
                client.put_object(Bucket="box", Key="big", Body=BIG)
            assert client.get_object(Bucket="box", Key="big")["Body"].read() == BIG
    assert not (tmp_path / "store" / "catalog.db").exists()
