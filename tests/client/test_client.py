"""The client itself: made without awaiting, opened once, closed for good."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from yarl import URL

import holdall
from holdall import Client, Closed, InvalidArgument, NotSupported, StoreNotFound
from holdall.client.opening import Options


def test_connect_touches_nothing(tmp_path: Path) -> None:
    client = holdall.connect(tmp_path / "store")
    assert not (tmp_path / "store").exists()
    assert client.username == pwd.getpwuid(os.getuid()).pw_name
    assert (client.cluster_name, client.org_name) == ("local", None)


@pytest.mark.parametrize("form", [str, Path, lambda path: URL(path.as_uri())])
async def test_a_directory_in_every_form(tmp_path: Path, form: object) -> None:
    async with holdall.connect(form(tmp_path / "a store")) as client:  # type: ignore[operator]
        await client.buckets.create("box")
    async with holdall.connect(tmp_path / "a store", create=False) as client:
        assert (await client.buckets.get("box")).name == "box"


async def test_a_missing_store_is_not_made_against_ones_will(tmp_path: Path) -> None:
    async with holdall.connect(tmp_path / "store", create=False) as client:
        with pytest.raises(StoreNotFound):
            await client.buckets.create("box")
    assert not (tmp_path / "store").exists()


def test_a_place_of_a_later_release_is_refused() -> None:
    with pytest.raises(NotSupported, match="later"):
        holdall.connect("mongodb://h/d")


@pytest.mark.parametrize(
    "where", ["http://h/path", "https://", "s3://bucket", "az://", "az://a/c", "gs://", "gs://p/b"]
)
def test_a_place_that_says_too_much_or_too_little(where: str) -> None:
    with pytest.raises(InvalidArgument):
        holdall.connect(where)


@pytest.mark.parametrize(
    ("where", "option"),
    [("store", "access_key"), ("https://h", "fsync"), ("s3://", "org"), ("gs://p", "secret_key")],
)
def test_an_option_that_means_nothing_there(where: str, option: str) -> None:
    with pytest.raises(InvalidArgument, match=option):
        holdall.connect(where, **{option: "x"})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("https://h:9000/", {"access_key": "A", "secret_key": "s", "owner": "ann"}),
        ("s3://", {"endpoint_url": "http://127.0.0.1:1", "owner": "ann"}),
        ("az://account", {"secret_key": "c2VjcmV0", "owner": "ann"}),
        ("gs://project", {"owner": "ann"}),
    ],
)
async def test_every_other_place_is_known_and_left_alone(where: str, options: Options) -> None:
    async with holdall.connect(where, **options) as client:
        assert (client.username, client.org_name) == ("ann", None)


@pytest.mark.parametrize(
    "where",
    [
        *(None, "", "ftp://host/x", URL("file://far/x"), "a\0b"),
        *("127.0.0.1:9000", "host:9000", "[::1]:80"),  # servers without their scheme
    ],
)
def test_no_place_at_all(where: object) -> None:
    with pytest.raises(InvalidArgument):
        holdall.connect(where)  # type: ignore[arg-type]


async def test_closing_twice_is_harmless_and_use_afterwards_is_closed(tmp_path: Path) -> None:
    client = holdall.connect(tmp_path / "store")
    await client.buckets.create("box")
    await client.aclose()
    await client.aclose()
    with pytest.raises(Closed):
        await client.buckets.get("box")


async def test_closing_an_unused_client_opens_nothing(tmp_path: Path) -> None:
    async with holdall.connect(tmp_path / "store"):
        pass
    assert not (tmp_path / "store").exists()


async def test_many_first_uses_at_once_open_one_store(client: Client) -> None:
    names = [f"box{number}" for number in range(20)]
    await asyncio.gather(*(client.buckets.create(name) for name in names))
    assert {bucket.name async for bucket in client.buckets.list()} == set(names)


async def test_a_backup_of_a_store_in_use_is_a_store(client: Client, tmp_path: Path) -> None:
    await client.buckets.create("box")
    await client.buckets.put_blob("box", "small", b"1")
    await client.buckets.put_blob("box", "large", b"2" * 3_000_000)
    await client.backup(tmp_path / "copy")
    async with holdall.connect(tmp_path / "copy", owner="ann", create=False) as copy:
        assert (await copy.buckets.head_blob("box", "large")).size == 3_000_000
        assert list(await copy.check(scrub=True)) == []


async def test_sweep_leaves_what_is_in_use(client: Client) -> None:
    await client.buckets.create("box")
    await client.buckets.put_blob("box", "large", b"2" * 3_000_000)
    await client.sweep()
    assert (await client.buckets.head_blob("box", "large")).size == 3_000_000


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = (
        "import sys, holdall; "
        "print(any(name in sys.modules for name in ('yarl', 'apsw', 'asyncio', 'email')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_every_public_name_is_there() -> None:
    for name in holdall.__all__:
        assert getattr(holdall, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        holdall.nonsense  # noqa: B018
