"""Clusters on the command line: naming them, and which one a command means."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall.cli import profiles
from holdall.cli.clusters import config_path
from holdall.cli.environment import options_for
from holdall.cli.places import blob
from holdall.core.errors import InvalidArgument
from tests.cli.conftest import Holdall
from tests.server.whole import Whole, s3, serving_whole

VARIABLES = (
    *(profiles.PROFILE, profiles.ENDPOINT, profiles.ACCESS_KEY, profiles.SECRET_KEY),
    *(profiles.TOKEN, profiles.REGION, "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION"),
    *("AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"),
)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory, allow_private_endpoints=True) as running:
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("other") / "store") as running:
        client = s3(running.profile)
        client.create_bucket(Bucket="theirs")
        client.put_object(Bucket="theirs", Key="k", Body=b"elsewhere")
        yield running


@pytest.fixture
def office(holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that was logged in to, and is the current cluster."""
    with monkeypatch.context() as patch:
        for name, value in whole.profile.variables.items():
            patch.setenv(name, value)
        assert holdall("login", whole.endpoint, "--profile", "office").code == 0
    monkeypatch.delenv("HOLDALL_STORE")
    yield "office"
    for bucket in holdall("ls", "--json").documents:
        holdall("rm", "-r", f"blob:{bucket['name']}")
        holdall("rb", bucket["name"], "--force")


def test_clusters_are_named_chosen_and_forgotten(holdall: Holdall, tmp_path: Path) -> None:
    assert holdall("cluster").out == ""
    assert holdall("cluster", "add", "one", "first").out == "added one\n"
    assert holdall("cluster", "add", "two", tmp_path / "second").code == 0
    listed = f"one\t{tmp_path}/first\tcurrent\ntwo\t{tmp_path}/second\t-\n"
    assert holdall("cluster", "list").out == listed
    assert holdall("cluster", "use", "two").code == 0
    assert [each["current"] for each in holdall("cluster", "--json").documents] == [False, True]
    assert holdall("cluster", "rm", "two").code == 0
    assert holdall("cluster", "rm", "two").code == 3
    assert holdall("cluster", "use", "two").code == 3


def test_where_none_is_chosen_use_is_named(
    holdall: Holdall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOLDALL_STORE")
    assert "holdall mb" in holdall("ls").err
    for name in ("one", "two"):
        holdall("cluster", "add", name, tmp_path / name)
    holdall("cluster", "rm", "one")
    for command in ("ls", "users"):
        lost = holdall(command)
        assert lost.code == 3
        assert "'holdall cluster use NAME' chooses one of two" in lost.err


def test_a_server_that_no_key_is_known_of(holdall: Holdall) -> None:
    for command in ("ls", "users"):
        keyless = holdall("-s", "http://files.example.com/", command)
        assert keyless.code in (2, 3)
        assert "no key for http://files.example.com: 'holdall login http" in keyless.err
        assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in keyless.err


def test_a_servers_address_is_enough_once_it_is_known(
    holdall: Holdall, office: str, whole: Whole
) -> None:
    assert holdall("-s", f"{whole.endpoint}/", "mb", "by-address").code == 0
    assert "by-address" in holdall("-s", whole.endpoint, "ls").out


@pytest.mark.parametrize(
    "arguments",
    [
        *(("add",), ("add", "a"), ("use",), ("rm",), ("nonsense",), ("use", "a", "b")),
        *(("add", "Not A Name", "x"), ("add", "a", "ftp://h"), ("add", "a", "https://h/path")),
        *(("add", "a", "mongodb://h"), ("add", "a", "dir", "--region", "x")),
    ],
)
def test_what_makes_no_sense_is_not_kept(holdall: Holdall, arguments: tuple[str, ...]) -> None:
    assert holdall("cluster", *arguments).code in (1, 2)
    assert not config_path().exists()


def test_a_key_is_asked_for_and_kept_from_others(
    holdall: Holdall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.cli.commands.cluster.asked", lambda what, hidden: "a secret")
    told = holdall("cluster", "add", "far", "https://h", "--access-key", "AKID")
    assert (told.code, "a secret" in told.out + told.err) == (0, False)
    assert config_path().stat().st_mode & 0o777 == 0o600
    assert profiles.find("far", Path()).secret_key == "a secret"
    assert "a secret" not in holdall("cluster", "--json").out


def test_commands_use_the_current_cluster(
    holdall: Holdall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HOLDALL_STORE")
    holdall("cluster", "add", "one", "first")
    holdall("cluster", "add", "two", "second")
    assert holdall("mb", "docs").code == 0
    assert holdall("ls", "--json").documents[0]["uri"].startswith("blob://one/")
    assert (tmp_path / "first").is_dir()
    assert not (tmp_path / "second").exists()
    holdall("cluster", "use", "two")
    assert holdall("mb", "docs").code == 0
    assert (tmp_path / "second").is_dir()


def test_a_store_that_is_named_knows_the_clusters_too(
    holdall: Holdall, tmp_path: Path, bucket: str
) -> None:
    holdall("cluster", "add", "two", "second", "--owner", "bob")
    (tmp_path / "file").write_bytes(b"text")
    assert holdall("cp", tmp_path / "file", f"{bucket}/file").code == 0
    assert holdall("--store", "second", "mb", "box").code == 0


def test_a_server_is_a_cluster(holdall: Holdall, office: str, tmp_path: Path) -> None:
    assert holdall("mb", "docs").code == 0
    (tmp_path / "file").write_bytes(b"text" * 1000)
    assert holdall("cp", tmp_path / "file", "blob:docs/a b/file").code == 0
    assert holdall("stat", f"blob://{office}/admin/docs/a b/file", "--json").json["size"] == 4000
    assert holdall("ls", "blob:docs/", "--json").documents[0]["key"] == "a b/"
    assert holdall("cp", "blob:docs/a b/file", tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == b"text" * 1000
    told = holdall("du", "blob:docs", "--json")
    assert (told.code, told.documents[0]["bytes"]) == (0, 4000), told.err


def test_a_signed_address_with_a_name(holdall: Holdall, office: str, tmp_path: Path) -> None:
    holdall("mb", "docs")
    (tmp_path / "file").write_bytes(b"text")
    holdall("cp", tmp_path / "file", "blob:docs/file")
    url = holdall("sign", "blob:docs/file", "--download-name", "a.txt").out.strip()
    with urllib.request.urlopen(url) as answer:
        assert 'filename="a.txt"' in answer.headers["content-disposition"]


def test_a_bucket_is_imported(
    holdall: Holdall,
    office: str,
    other: Whole,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", other.profile.secret_key)
    key, place = other.profile.access_key, other.endpoint
    arguments = ("minio", "theirs", "--access-key", key, "--endpoint-url", place)
    made = holdall("import", *arguments, "--name", "ours")
    assert (made.code, made.out) == (0, "imported blob:ours\n")
    assert holdall("import", *arguments, "--name", "ours").code == 1
    assert holdall("cp", "blob:ours/k", tmp_path / "k").code == 0
    assert (tmp_path / "k").read_bytes() == b"elsewhere"
    given = holdall("creds", "ours", "--json").json
    assert given[profiles.ENDPOINT] == place
    assert given[profiles.ACCESS_KEY] != key
    assert holdall("creds", "nothing").code == 3
    assert holdall("creds", "ours", "--read-only").code == 2
    assert holdall("rb", "ours").code == 0
    absent = holdall("import", "minio", "absent", *arguments[2:])
    assert (absent.code, "has no such bucket: NoSuchBucket" in absent.err) == (2, True)
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", "wrong")
    refused = holdall("import", *arguments)
    assert (refused.code, "wrong" in refused.err) == (2, False)
    assert "refused these credentials: SignatureDoesNotMatch" in refused.err


@pytest.fixture
def ours(
    holdall: Holdall, office: str, other: Whole, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A bucket of the other server, with a blob that was written twice; its owner's client."""
    client = s3(other.profile)
    client.create_bucket(Bucket="versioned")
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket="versioned", Key="k", Body=b"one", Tagging="t=1")
    client.put_object(Bucket="versioned", Key="k", Body=b"second")
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", other.profile.secret_key)
    made = holdall(
        *("import", "minio", "versioned", "--name", "ours", "--endpoint-url", other.endpoint),
        *("--access-key", other.profile.access_key),
    )
    assert made.code == 0, made.err
    yield client
    for each in client.list_object_versions(Bucket="versioned")["Versions"]:
        client.delete_object(Bucket="versioned", Key="k", VersionId=each["VersionId"])
    client.delete_bucket(Bucket="versioned")


def test_an_imported_bucket_has_its_history(holdall: Holdall, ours: Any) -> None:
    stat = holdall("stat", "blob:ours", "--json")
    assert (stat.code, stat.json["usage"]["revision_bytes"]) == (0, 9), stat.err
    assert holdall("du", "blob:ours").out == "6\t1\t9\tblob:ours\n"
    told = [each["size"] for each in holdall("versions", "blob:ours/k", "--json").documents]
    assert told == [6, 3]
    shown = [line.split() for line in holdall("stat", "blob:ours/k").out.splitlines()]
    assert ["revision", "-"] in shown
    assert holdall("ls", "-l", "blob:ours/").out.split("\t")[2] == "-"
    assert holdall("undo", "blob:ours/k").code == 0
    assert ours.get_object(Bucket="versioned", Key="k")["Body"].read() == b"one"
    assert holdall("tag", "blob:ours/k", "a=b").out == "t=1\na=b\n"


def test_du_names_the_bucket_that_cannot_be_counted(holdall: Holdall, ours: Any) -> None:
    assert holdall("mb", "aaa").code == holdall("mb", "zzz").code == 0
    deny = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:ListBucket*",
                "Resource": "arn:aws:s3:::versioned",
            }
        ],
    }
    ours.put_bucket_policy(Bucket="versioned", Policy=json.dumps(deny))
    told = holdall("du")
    ours.delete_bucket_policy(Bucket="versioned")
    counted = [line.split("\t")[3] for line in told.out.splitlines()]
    assert (told.code, counted) == (1, ["blob:aaa", "blob:zzz"])
    assert told.err.startswith("holdall: blob:ours: AccessDenied")
    assert holdall("du").code == 0


def test_uris_of_a_cluster_with_an_organisation(holdall: Holdall) -> None:
    holdall("cluster", "add", "far", "https://h", "--org", "acme")
    assert blob("blob://far/acme/ann/box/k").whose == {"cluster_name": "far", "bucket_owner": "ann"}
    assert blob("blob://near/ann/box/k").whose == {"cluster_name": "near", "bucket_owner": "ann"}


def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = a%b\n[bad]\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    found = options_for("s3://")
    assert (found["access_key"], found["secret_key"]) == ("A", "a%b")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "B")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://h")
    found = options_for("s3://")
    assert (found["access_key"], found["endpoint_url"]) == ("B", "http://h")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert options_for("s3://").get("access_key") is None
    file.write_text("secret without a section")
    with pytest.raises(InvalidArgument) as caught:
        options_for("s3://")
    assert "secret without" not in str(caught.value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert options_for("https://h") == {}, "its key is the one that was logged in with"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "B")
    found = options_for("https://h")
    assert (found["access_key"], found["region"]) == ("B", "eu-west-1")
    monkeypatch.setenv("AZURE_STORAGE_KEY", "c2VjcmV0")
    assert options_for("az://account")["secret_key"] == "c2VjcmV0"
