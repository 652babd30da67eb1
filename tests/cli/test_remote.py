"""The commands that speak to a server, against a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall.cli import profiles
from holdall.cli.clusters import config_path
from holdall.client import config
from holdall.client.config import ClusterConfig, Config
from holdall.server.opening import announce
from tests.cli.conftest import Holdall
from tests.server.whole import Whole, s3, serving_whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory: Path = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory) as running:
        client = s3(running.profile)
        client.create_bucket(Bucket="photos")
        client.put_object(Bucket="photos", Key="cat.jpg", Body=b"meow")
        yield running


@pytest.fixture(autouse=True)
def reached(
    holdall: Holdall, whole: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment as `holdall env` would make it, which is after `holdall` made its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(profiles.PROFILE, raising=False)
    monkeypatch.delenv(profiles.TOKEN, raising=False)
    for name, value in whole.profile.server_variables.items():
        monkeypatch.setenv(name, value)


def test_users_and_their_keys(holdall: Holdall, whole: Whole) -> None:
    assert holdall("users", "--new", "ann", "--display", "Ann").out == "made ann\n"
    assert "ann\tuser\tAnn\n" in holdall("users").out
    made = holdall("keys", "--new", "--user", "ann", "--name", "pc", "--expires", "1h", "--json")
    key = made.json
    listed = holdall("keys", "--user", "ann")
    assert key["id"] in listed.out
    assert key["secret_key"] not in listed.out
    assert holdall("share", "photos", "ann", "--level", "write").out == "user:ann may write\n"
    assert holdall("share", "photos").out == "user:ann\twrite\n"
    s3(whole.with_key(key)).put_object(Bucket="photos", Key="dog.jpg", Body=b"woof")
    told = holdall("explain", "DeleteBucket", "blob:photos", "--user", "ann")
    assert told.code == 0
    assert "ann may not DeleteBucket photos" in told.out
    assert "bucket grants" in holdall("explain", "GetObject", "blob:photos/x", "--user", "ann").out
    assert holdall("explain", "GetObject", "blob:photos/x").out.startswith("admin may GetObject")
    unsigned = holdall("explain", "GetObject", "blob:photos/x", "--anonymous")
    assert unsigned.out.startswith("an anonymous caller may not GetObject")
    assert holdall("explain", "GetObject", "blob:photos/x", "--user", "anonymous") == unsigned
    both = ("--anonymous", "--user", "ann")
    assert holdall("explain", "GetObject", "blob:photos/x", *both).code == 2
    assert holdall("keys", "--revoke", key["id"]).out == f"revoked {key['id']}\n"
    assert holdall("keys", "--revoke", key["id"]).code == 3
    assert holdall("share", "photos", "ann", "--remove").code == 0
    assert holdall("users", "--delete", "ann").code == 0
    assert holdall("users", "--delete", "ann").code == 3


def test_organisations(holdall: Holdall) -> None:
    holdall("users", "--new", "orla")
    assert holdall("orgs", "acme", "--new").out == "made acme\n"
    assert holdall("orgs").out == "acme\n"
    assert holdall("orgs", "acme", "--member", "orla", "--role", "admin").code == 0
    assert holdall("orgs", "acme").out == "admin\towner\norla\tadmin\n"
    assert holdall("orgs", "acme", "--remove", "orla").code == 0
    assert holdall("orgs", "acme", "--delete").code == 0
    assert holdall("orgs", "--new").code == 2
    assert holdall("orgs", "acme", "--new", "--delete").code == 2


def test_everybody_or_nobody(holdall: Holdall, whole: Whole) -> None:
    assert "everybody may read" in holdall("public", "photos", "on").out
    with urllib.request.urlopen(f"{whole.endpoint}/photos/cat.jpg") as answer:
        assert answer.read() == b"meow"
    assert holdall("public", "photos", "off").out == "photos is closed\n"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{whole.endpoint}/photos/cat.jpg")
    caught.value.close()
    assert holdall("public", "photos", "maybe").code == 2
    assert holdall("public", "nothing", "on").code == 3


def test_a_signed_address(holdall: Holdall) -> None:
    url = holdall("sign", "blob:photos/cat.jpg", "--expires", "1m").out.strip()
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"meow"
    assert holdall("sign", "blob:photos").code == 2
    assert holdall("sign", "blob:photos/cat.jpg", "--expires", "8d").code == 2


def test_temporary_credentials(
    holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    ]}))  # fmt: skip
    made = holdall("creds", "--bucket", "photos", "--policy", policy, "--json").json
    for name in (profiles.ACCESS_KEY, profiles.SECRET_KEY, profiles.TOKEN):
        monkeypatch.setenv(name, made[name])
    assert holdall("users", "--new", "eve").code == 1
    profile = profiles.find(None, whole.endpoint)
    assert s3(profile).get_object(Bucket="photos", Key="cat.jpg")["Body"].read() == b"meow"
    assert holdall("creds", "--policy", tmp_path / "missing").code == 2


def test_temporary_credentials_for_no_bucket(holdall: Holdall) -> None:
    refused = holdall("creds", "--bucket", "photos", "--bucket", "fotos")
    assert (refused.code, refused.out) == (3, "")
    assert "fotos" in refused.err


def test_events(holdall: Holdall, whole: Whole) -> None:
    told = holdall("events", "blob:photos/cat", "--after", "0", "--count", "2")
    assert told.code == 0
    assert [line.split()[2:4] for line in told.lines] == [
        ["bucket_created", "photos"],
        ["written", "photos/cat.jpg"],
    ]
    [event] = holdall("events", "blob:photos", "--after", "0", "--count", "1", "--json").documents
    assert event["kind"] == "bucket_created"
    assert holdall("events", "blob:nothing", "--count", "1").code == 3


def test_env(holdall: Holdall, whole: Whole) -> None:
    shown = holdall("env")
    assert f"export AWS_ENDPOINT_URL={whole.endpoint}\n" in shown.out
    assert f"export HOLDALL_STORE={whole.endpoint}\n" in shown.out
    assert holdall("env", "--json").json == whole.profile.server_variables
    assert holdall("env", "no-such-directory").code == 3


def test_what_env_prints_is_what_all_commands_read(
    holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (*whole.profile.server_variables, profiles.TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(profiles.PROFILE, "somebody else's")
    announce(whole.options, whole.endpoint)
    printed = holdall("env", whole.options.directory).out
    program = f'{printed}for n in "$@"; do python -m holdall.cli $n || exit; done'
    words = "ls", "ls blob:photos", "users"
    done = subprocess.run(
        ["bash", "-c", program, "bash", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "photos" in done.stdout
    assert "cat.jpg" in done.stdout
    assert "admin" in done.stdout


def test_an_endpoint_of_s3_alone_is_not_taken_for_a_server(
    holdall: Holdall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HOLDALL_STORE")
    monkeypatch.chdir(tmp_path)
    assert holdall("users").code == 3
    assert "HOLDALL_STORE" in holdall("users").err
    assert holdall("--store", "s3://", "ls", "blob:photos/c").code == 3
    assert "cat.jpg" in holdall("--store", "s3://", "ls", "blob:photos").lines


def test_a_store_on_the_line_goes_before_the_environment(holdall: Holdall, tmp_path: Path) -> None:
    assert holdall("users", "--store", tmp_path / "other").code == 3


def test_an_address_is_no_directory_to_serve(
    holdall: Holdall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    served = holdall("serve")
    assert (served.code, "is no directory" in served.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_login(
    holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert holdall("login", whole.endpoint, "--profile", "mine").code == 0
    for name in (profiles.ENDPOINT, profiles.ACCESS_KEY, profiles.SECRET_KEY):
        monkeypatch.delenv(name)
    assert holdall("users", "--profile", "mine").code == 0
    assert holdall("users").code == 0, "its key is remembered"
    monkeypatch.setenv("HOLDALL_STORE", str(tmp_path / "other"))
    assert holdall("users").code == 3, "another store was said"
    monkeypatch.delenv("HOLDALL_STORE")
    assert holdall("users").code == 0, "it is the current cluster"
    assert holdall("users", "--profile", "other").code == 3
    assert config_path().stat().st_mode & 0o777 == 0o600


def test_a_second_login_does_not_take_the_place_of_another_server(
    holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.save(config_path(), Config().having("default", ClusterConfig("http://first:9000")))
    refused = holdall("login", whole.endpoint)
    assert refused.code == 2
    assert "http://first:9000" in refused.err
    assert "--profile NAME" in refused.err
    assert config.load(config_path()).clusters["default"].where == "http://first:9000"
    named = holdall("login", whole.endpoint, "--profile", "second")
    assert (named.code, named.lines[1]) == (
        0,
        "the current cluster is 'default'; 'holdall cluster use second' chooses this one",
    )
    said = holdall("login", whole.endpoint, "--profile", "default")
    assert (said.code, said.lines[1]) == (0, "the current cluster is 'default'")
    again = holdall("login", f"{whole.endpoint}/", "--json")
    assert (again.code, again.json["current"]) == (0, "default"), "the same server"


def test_a_listing_of_nothing_says_so_to_people_only(holdall: Holdall) -> None:
    holdall("users", "--new", "keyless")
    none = holdall("keys", "--user", "keyless")
    assert (none.code, none.out, none.err) == (0, "", "holdall: none\n")
    as_json = holdall("keys", "--user", "keyless", "--json")
    assert (as_json.out, as_json.err) == ("", "")
    assert holdall("users").err == ""


def test_a_login_that_is_refused_is_not_remembered(
    holdall: Holdall, whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(profiles.SECRET_KEY, "not the secret")
    refused = holdall("login", whole.endpoint)
    assert refused.code == 1
    assert "not the secret" not in refused.err
    assert not config_path().exists()
    assert holdall("login", "files.example.com").code == 2
    assert holdall("login", "http://127.0.0.1:9").code == 1


def test_a_server_that_is_not_there(holdall: Holdall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDALL_STORE", "http://127.0.0.1:9")
    gone = holdall("users")
    assert gone.code == 1
    assert "cannot be reached" in gone.err
    assert "Traceback" not in gone.err


def test_lifecycles_run_by_hand(holdall: Holdall, whole: Whole) -> None:
    client = s3(whole.profile)
    client.create_bucket(Bucket="logs")
    client.put_object(Bucket="logs", Key="old", Body=b"x")
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}}
    over = {"Expiration": {"Date": "2020-01-01T00:00:00Z"}}
    client.put_bucket_lifecycle_configuration(
        Bucket="logs", LifecycleConfiguration={"Rules": [{**rule, **over}]}
    )
    assert holdall("lifecycle", "run", "blob:logs", "--dry-run").out == "logs\tall\t1\t0\t0\t0\n"
    assert client.list_objects_v2(Bucket="logs")["KeyCount"] == 1
    told = holdall("lifecycle", "run", "--json").documents
    assert [(each["bucket"], each["rule"], each["expired"]) for each in told] == [
        ("logs", "all", 1)
    ]
    assert client.list_objects_v2(Bucket="logs")["KeyCount"] == 0
    assert holdall("lifecycle", "run", "nothing").code == 3
    assert holdall("lifecycle", "show").code == 2


def test_master_keys(holdall: Holdall) -> None:
    (old,) = holdall("master-key", "--json").documents
    assert holdall("master-key").out.startswith(f"{old['id']}\tseals and opens\t")
    told = holdall("master-key", "--rotate")
    assert told.out.startswith("made ")
    assert holdall("master-key").out.splitlines()[1].startswith(f"{old['id']}\topens\t")
    early = holdall("master-key", "--drop", old["id"])
    assert (early.code, "on its way" in early.err) == (1, True)
    assert holdall("master-key", "--drop", "00000000").code == 3
    assert holdall("master-key", "--drop", "00000000", "--rotate").code == 2
