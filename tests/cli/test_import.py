"""`holdall import` of buckets at Azure and Google."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from holdall.backends.azure import granting
from holdall.testing.azurite import AzuriteServer, azurite_server
from tests.cli.conftest import Holdall
from tests.server.whole import Whole, serving_whole

__all__ = ["azurite_server"]


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with serving_whole(tmp_path / "served", allow_private_endpoints=True) as running:
        yield running


@pytest.fixture(autouse=True)
def logged_in(
    holdall: Holdall, whole: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HOLDALL_STORE")
    with monkeypatch.context() as patch:
        for name, value in whole.profile.variables.items():
            patch.setenv(name, value)
        assert holdall("login", whole.endpoint, "--profile", "office").code == 0


@pytest.fixture
def theirs(azurite_server: AzuriteServer) -> Iterator[str]:
    account = azurite_server.account
    with BlobServiceClient(account.url, account.credential) as service:
        container = service.create_container("their-box")
        container.upload_blob("k", b"elsewhere")
        yield "their-box"
        container.delete_container()


def test_a_container_at_azure(
    holdall: Holdall,
    azurite_server: AzuriteServer,
    theirs: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    account = azurite_server.account
    arguments = ("import", "azure", theirs, "--endpoint-url", account.url)
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", str(account.key))
    made = holdall(*arguments, "--name", "ours")
    assert (made.code, made.out) == (0, "imported blob:ours\n")
    assert holdall("cp", "blob:ours/k", tmp_path / "k").code == 0
    assert (tmp_path / "k").read_bytes() == b"elsewhere"
    given = holdall("creds", "ours", "--json").json
    assert given["AZURE_STORAGE_SERVICE_ENDPOINT"] == account.url
    assert "sig=" in given["AZURE_STORAGE_SAS_TOKEN"]
    assert holdall("creds", "ours").out.startswith("export AZURE_STORAGE_SERVICE_ENDPOINT=")
    sas = granting.granted(account, theirs).fields["sas_token"]
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", sas)
    assert holdall(*arguments, "--name", "signed").code == 0
    monkeypatch.setenv("HOLDALL_IMPORT_SECRET", "d3Jvbmc=")
    refused = holdall(*arguments)
    assert (refused.code, "d3Jvbmc=" in refused.err) == (2, False)
    assert holdall(*arguments[:3]).code == 2


def test_a_bucket_at_google(holdall: Holdall, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    assert holdall("import", "gcp", "their-box").code == 2
    assert holdall("import", "gcp", "their-box", "--key-file", key).code == 2
    key.write_text('{"type": "authorized_user"}')
    refused = holdall("import", "gcp", "their-box", "--key-file", key)
    assert refused.code == 2
    assert "no key of a service account" in refused.err


def test_others_need_a_key(holdall: Holdall) -> None:
    assert holdall("import", "aws", "their-box").code == 2
