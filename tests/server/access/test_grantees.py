from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.acls import Group, User
from holdall.server.access.grantees import by_email, by_id, by_uri

from .people import BOB, DIRECTORY


def test_who_is_known() -> None:
    assert by_id(DIRECTORY, BOB.id) == BOB
    assert by_email(DIRECTORY, "bob@example.com") == BOB
    assert by_uri(DIRECTORY, Group.ALL_USERS.value) is Group.ALL_USERS


def test_who_is_not() -> None:
    for read, text, code, message in (
        (by_id, "f" * 64, "InvalidArgument", "Invalid id"),
        (by_id, "", "InvalidArgument", "Invalid id"),
        (by_uri, "http://example.com/", "InvalidArgument", "Invalid group uri"),
        (by_email, "x@example.com", "UnresolvableGrantByEmailAddress", "email address"),
    ):
        with pytest.raises(S3Error, match=message) as caught:
            read(DIRECTORY, text)
        assert (caught.value.code, caught.value.status) == (code, 400)


def test_a_directory_can_know_one_more() -> None:
    org = User("0" * 64, "An organisation")
    assert by_id(DIRECTORY.knowing(org), org.id) == org
    assert by_id(DIRECTORY.knowing(org), BOB.id) == BOB
