"""Backups of a store that is served: its keys go along when that is said, and never unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall.cli import profiles
from holdall.core.errors import FormatError
from tests.cli.conftest import Holdall
from tests.server.whole import Whole, control, s3, serving_whole

SECRETS = ["master-key", "access-key.json", "webhooks.json"]


@pytest.fixture
def served(store: Path) -> Iterator[Whole]:
    """With two objects that the server encrypted, while it answers."""
    with serving_whole(store) as running:
        client = s3(running.profile)
        client.create_bucket(Bucket="box")
        for key, body in (("small", b"hush"), ("large", b"hush" * 50_000)):
            client.put_object(Bucket="box", Key=key, Body=body, ServerSideEncryption="AES256")
        yield running


@pytest.fixture
async def full(served: Whole) -> Whole:
    """With a webhook and a user's key."""
    async with control(served.profile) as admin:
        await admin.post("/webhooks", name="hook", url="https://example.com/")
        await admin.post("/users", name="ann")
        await admin.post("/keys", user="ann")
    return served


def modes(folder: Path) -> dict[str, int]:
    found = {name: folder / name for name in SECRETS}
    return {name: path.stat().st_mode & 0o777 for name, path in found.items() if path.exists()}


def test_secrets_are_left_out_and_named(holdall: Holdall, full: Whole, tmp_path: Path) -> None:
    made = holdall("backup", tmp_path / "copy")
    assert made.code == 0
    assert "not in it: master-key, access-key.json, webhooks.json" in made.out
    assert "nobody reads what the server encrypted" in made.out
    assert modes(tmp_path / "copy") == {}
    told = holdall("backup", tmp_path / "other", "--json").json
    assert (told["secrets"], told["left_out"]) == ([], SECRETS)


def test_secrets_go_along_when_that_is_said(holdall: Holdall, full: Whole, tmp_path: Path) -> None:
    made = holdall("backup", tmp_path / "copy", "--with-secrets")
    assert made.code == 0
    assert "in it: master-key, access-key.json, webhooks.json; whoever" in made.out
    assert "not in it" not in made.out
    assert modes(tmp_path / "copy") == dict.fromkeys(SECRETS, 0o600)
    for name in SECRETS:
        assert (tmp_path / "copy" / name).read_bytes() == (
            full.options.directory / name
        ).read_bytes()


def test_what_was_encrypted_is_read_after_a_restoration(
    holdall: Holdall, full: Whole, tmp_path: Path
) -> None:
    assert holdall("backup", tmp_path / "copy", "--with-secrets").code == 0
    again = tmp_path / "again"
    restored = holdall("-s", again, "backup", "--restore", tmp_path / "copy")
    assert restored.code == 0
    assert restored.err == ""
    assert modes(again) == dict.fromkeys(SECRETS, 0o600)
    with serving_whole(again) as running:
        assert running.profile.secret_key == full.profile.secret_key
        client = s3(running.profile)
        assert client.get_object(Bucket="box", Key="small")["Body"].read() == b"hush"
        assert client.get_object(Bucket="box", Key="large")["Body"].read() == b"hush" * 50_000


def test_without_its_master_key_a_restored_store_is_not_served(
    holdall: Holdall, full: Whole, tmp_path: Path
) -> None:
    """A new key in its place would open nothing: that is said before it is too late."""
    again = tmp_path / "again"
    assert holdall("backup", tmp_path / "copy").code == 0
    restored = holdall("-s", again, "backup", "--restore", tmp_path / "copy")
    assert restored.code == 0
    assert "there is no master key in it" in restored.err
    with pytest.raises(FormatError, match="Put it back"), serving_whole(again):
        pass
    refused = holdall("serve", again, "--port", "0")
    assert refused.code == 1
    assert "master-key is missing" in refused.err
    assert modes(again) == {}
    (again / "master-key").write_bytes((full.options.directory / "master-key").read_bytes())
    with serving_whole(again) as running:
        body = s3(running.profile).get_object(Bucket="box", Key="small")["Body"]
        assert body.read() == b"hush"


def test_a_store_that_was_never_served_has_none(holdall: Holdall, tmp_path: Path) -> None:
    assert holdall("mb", "docs").code == 0
    made = holdall("backup", tmp_path / "copy", "--with-secrets", "--json").json
    assert (made["secrets"], made["left_out"]) == ([], [])
    assert "in it" not in holdall("backup", tmp_path / "other").out
    with serving_whole(tmp_path / "copy"):
        pass
    assert profiles.of_store(tmp_path / "copy") is None
