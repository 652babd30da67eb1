"""restic (Debian): backups into a bucket."""

from __future__ import annotations

import json

import pytest

from .needs import LARGE, SMALL, Shell, environment, gather, lay, program


@pytest.fixture
def restic(server, name, tmp_path):
    settings = environment(
        server.alice,
        tmp_path,
        RESTIC_REPOSITORY=f"s3:{server.endpoint}/{name}/backups",
        RESTIC_PASSWORD="a password",
        RESTIC_CACHE_DIR=str(tmp_path / "cache"),
    )
    return Shell([program("restic")], settings, tmp_path)


def test_backup_restore_check_and_prune(restic, tmp_path):
    source = lay(tmp_path / "source", SMALL | {"large": LARGE})
    restic("init")
    restic("backup", "source")
    restic("check", "--read-data")
    restic("restore", "latest", "--target", tmp_path / "target")
    assert gather(tmp_path / "target" / "source") == gather(source)
    (source / "large").write_bytes(LARGE[::-1])
    restic("backup", "source")
    assert len(json.loads(restic("snapshots", "--json"))) == 2
    restic("forget", "--keep-last", "1", "--prune")
    restic("check", "--read-data")
    restic("restore", "latest", "--target", tmp_path / "again")
    assert gather(tmp_path / "again" / "source") == gather(source)
    restic("unlock")


def test_a_repository_is_not_made_twice(restic):
    restic("init")
    assert "already" in restic("init", fails=True)


def test_no_repository(restic):
    assert "repository" in restic("snapshots", fails=True)
