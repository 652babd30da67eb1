"""mv at a provider, where it is a copy and then a removal: nothing is removed that was not copied,
nor what is newer than the copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from holdall.client.buckets import Buckets
from holdall.testing.moto import MotoServer, moto_server
from holdall.testing.proxy import Answer, Asked, Cut, Fault, Proxy, Where
from holdall.testing.server import Running, serving
from tests.cli.conftest import Holdall, contents
from tests.line import line_to

__all__ = ["moto_server"]

NAMES = {"a": b"aaa", "b": b"bbb", "sub/c": b"c" * 70_000}
LOST: dict[str, Fault] = {
    "it failed": Answer(500),
    "the answer is lost": Cut(Where.REPLY),
    "it failed afterwards": Answer(500, done=True),
}


@pytest.fixture
def at(holdall: Holdall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes commands use a provider at an address."""

    def use(endpoint: str, access_key: str, secret_key: str) -> None:
        monkeypatch.setenv("HOLDALL_STORE", "s3://")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret_key)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    return use


def client_at(endpoint: str) -> Any:
    """Without the proxy, to see what was really stored."""
    return boto3.Session().client("s3", endpoint_url=endpoint)


@pytest.fixture(params=["one version", "all versions"])
def s3(
    at: Callable[..., None], moto_server: MotoServer, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """A provider with a full bucket. Its listings tell no versions in either case."""
    keys = moto_server.credentials
    at(moto_server.endpoint_url, keys.access_key, keys.secret_key)
    yield from filled(client_at(moto_server.endpoint_url), request.param == "all versions")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def line(server: Running) -> Iterator[Proxy]:
    with line_to(server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def far(at: Callable[..., None], server: Running, line: Proxy) -> Iterator[Any]:
    """The same, over a line that can break."""
    at(line.endpoint_url, server.root.access_key, server.root.secret_key)
    yield from filled(client_at(server.endpoint), is_versioned=False)


def filled(client: Any, is_versioned: bool) -> Iterator[Any]:
    client.create_bucket(Bucket="full")
    if is_versioned:
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket="full", VersioningConfiguration=enabled)
    for name, body in NAMES.items():
        client.put_object(Bucket="full", Key=f"d/{name}", Body=body)
    yield client
    found = client.list_object_versions(Bucket="full")
    for each in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
        client.delete_object(Bucket="full", Key=each["Key"], VersionId=each["VersionId"])
    client.delete_bucket(Bucket="full")


def held(s3: Any) -> dict[str, bytes]:
    found = s3.list_objects_v2(Bucket="full").get("Contents", [])
    return {
        each["Key"]: s3.get_object(Bucket="full", Key=each["Key"])["Body"].read() for each in found
    }


def below(prefix: str) -> dict[str, bytes]:
    return {f"{prefix}{name}": body for name, body in NAMES.items()}


def test_a_directory_goes_down(holdall: Holdall, s3: Any, tmp_path: Path) -> None:
    moved = holdall("mv", "blob:full/d", tmp_path / "out")
    assert (moved.code, moved.err) == (0, "")
    assert contents(tmp_path / "out") == NAMES
    assert held(s3) == {}


def test_what_was_replaced_meanwhile_stays(
    holdall: Holdall, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Buckets.download_dir

    async def download_and_replace(self: Buckets, *given: Any, **rest: Any) -> None:
        await download(self, *given, **rest)
        s3.put_object(Bucket="full", Key="d/b", Body=b"new")

    monkeypatch.setattr(Buckets, "download_dir", download_and_replace)
    moved = holdall("mv", "blob:full/d", tmp_path / "out")
    assert moved.code == 1
    assert "d/b: it changed while it was copied" in moved.err
    assert held(s3) == {"d/b": b"new"}


def test_what_was_replaced_before_it_was_read_stays(
    holdall: Holdall, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Buckets.download_dir

    async def replace_and_download(self: Buckets, *given: Any, **rest: Any) -> None:
        s3.put_object(Bucket="full", Key="d/b", Body=b"new")
        await download(self, *given, **rest)

    monkeypatch.setattr(Buckets, "download_dir", replace_and_download)
    assert holdall("mv", "blob:full/d", tmp_path / "out").code == 1
    assert held(s3) == {"d/b": b"new"}


def is_copy(asked: Asked) -> bool:
    return asked.method == "PUT"


def is_read(asked: Asked) -> bool:
    return asked.method == "GET" and "/d/b" in asked.target


def always(when: Callable[[Asked], bool], fault: Fault) -> Callable[[Asked], Fault | None]:
    return lambda asked: fault if when(asked) else None


@pytest.mark.parametrize("fault", LOST)
def test_a_copy_that_fails_removes_nothing(
    holdall: Holdall, far: Any, line: Proxy, fault: str
) -> None:
    line.choose(always(is_copy, LOST[fault]))
    moved = holdall("mv", "blob:full/d/a", "blob:full/e")
    assert moved.code == 1
    assert line.met
    assert all(asked.method != "DELETE" for asked in line.asked)
    assert held(far).items() >= below("d/").items()


@pytest.mark.parametrize("fault", LOST)
def test_a_directory_whose_copies_fail_stays(
    holdall: Holdall, far: Any, line: Proxy, fault: str
) -> None:
    line.choose(always(lambda asked: is_copy(asked) and "/e/b" in asked.target, LOST[fault]))
    assert holdall("mv", "blob:full/d", "blob:full/e").code == 1
    assert line.met
    left = held(far)
    assert left["d/b"] == NAMES["b"]
    assert (left["e/a"], left["e/sub/c"]) == (NAMES["a"], NAMES["sub/c"])
    assert not {"d/a", "d/sub/c"} & set(left)


def test_copies_come_before_removals(holdall: Holdall, far: Any, line: Proxy) -> None:
    line.choose(lambda _: None)
    assert holdall("mv", "blob:full/d", "blob:full/e").code == 0
    for name in NAMES:
        (copied,) = (each for each in line.asked if is_copy(each) and f"/e/{name}" in each.target)
        removed = [
            each for each in line.asked if each.method == "DELETE" and f"/d/{name}" in each.target
        ]
        assert copied.number < removed[0].number


@pytest.mark.parametrize("fault", LOST)
def test_a_removal_that_fails_loses_nothing(
    holdall: Holdall, far: Any, line: Proxy, fault: str
) -> None:
    line.choose(always(lambda asked: asked.method == "DELETE", LOST[fault]))
    assert holdall("mv", "blob:full/d/a", "blob:full/e").code in (0, 1)
    assert line.met
    assert held(far)["e"] == NAMES["a"]


@pytest.mark.parametrize("fault", LOST)
def test_a_download_that_fails_removes_nothing(
    holdall: Holdall, far: Any, line: Proxy, fault: str, tmp_path: Path
) -> None:
    line.choose(always(is_read, LOST[fault]))
    moved = holdall("mv", "blob:full/d", tmp_path / "out")
    assert moved.code == 1
    assert line.met
    assert held(far) == {"d/b": NAMES["b"]}
    assert contents(tmp_path / "out") == {name: NAMES[name] for name in ("a", "sub/c")}


@pytest.mark.parametrize("fault", LOST)
def test_an_upload_that_fails_removes_no_file(
    holdall: Holdall, far: Any, line: Proxy, fault: str, tree: Path
) -> None:
    (tree / "hollow").rmdir()
    before = contents(tree)
    line.choose(always(is_copy, LOST[fault]))
    assert holdall("mv", tree, "blob:full/up").code == 1
    assert line.met
    assert contents(tree) == before
