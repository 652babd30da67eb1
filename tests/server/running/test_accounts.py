"""Which key is meant: the server's own, one of the catalog, a temporary one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from holdall.s3.errors import S3Error
from holdall.server.accounts import Accounts, Key
from holdall.server.authorisation import Caller
from holdall.server.identities import canonical_id
from holdall.server.sessions import Sessions

NOW = datetime(2026, 5, 17, tzinfo=UTC)
CALLER = Caller(kind="root", user="admin", canonical_id=canonical_id("admin"))
ROOT = Key("AKIDROOT", "root secret", CALLER)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(bytes(32), lambda: NOW)


async def test_its_own(sessions: Sessions) -> None:
    found = Accounts(ROOT, sessions=sessions)
    assert await found.find("AKIDROOT", None) is ROOT
    assert await found.find("AKIDOTHER", None) is None


async def test_a_permanent_key_has_no_token(sessions: Sessions) -> None:
    for found in (Accounts(ROOT), Accounts(ROOT, sessions=sessions)):
        with pytest.raises(S3Error) as caught:
            await found.find("AKIDROOT", "some token")
        assert caught.value.code == "InvalidToken"


async def test_a_temporary_key_while_its_parent_stands(sessions: Sessions) -> None:
    made, token = sessions.make(ROOT, timedelta(hours=1))
    found = await Accounts(ROOT, sessions=sessions).find(made.access_key, token)
    assert found is not None
    assert (found.secret, found.parent) == (made.secret_key, "AKIDROOT")
    assert await Accounts(sessions=sessions).find(made.access_key, token) is None
    assert await Accounts(ROOT, sessions=sessions).find(made.access_key, None) is None


def test_whom_access_lists_may_name() -> None:
    directory = Accounts(ROOT).directory
    found = directory.by_id(canonical_id("admin"))
    assert found is not None
    assert found.display_name == "admin"
    assert directory.by_id(canonical_id("nobody")) is None
    assert directory.by_email("admin@example.com") is None


def test_no_secret_is_shown() -> None:
    assert "root secret" not in repr(ROOT)
