from __future__ import annotations

from datetime import UTC, datetime

from holdall.core.values import Revision, Versioning
from holdall.server.buckets import Bucket
from holdall.server.lifecycle import headers
from holdall.server.lifecycle.documents import to_setting
from holdall.server.lifecycle.rules import Expiration, Filter, Lifecycle, Rule

MADE = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
RULE = Rule("week", True, Filter("logs/"), expiration=Expiration(days=7), abort=1)


def bucket(*rules):
    settings = {"lifecycle": to_setting(Lifecycle(rules))} if rules else {}
    return Bucket("id", "name", "alice", Versioning.OFF, False, False, settings, ())


def revision(key):
    return Revision(key, 0, "v", 1, MADE)


def test_an_object_that_goes():
    expected = 'expiry-date="Mon, 09 Mar 2026 00:00:00 GMT", rule-id="week"'
    found = headers.of_object(bucket(RULE), revision("logs/a"), lambda: MADE)
    assert found == [("x-amz-expiration", expected)]


def test_an_object_that_stays():
    assert headers.of_object(bucket(RULE), revision("other"), lambda: MADE) == []
    assert headers.of_object(bucket(), revision("logs/a"), lambda: MADE) == []


def test_an_upload():
    assert headers.of_upload(bucket(RULE), "logs/a", MADE) == [
        ("x-amz-abort-date", "Tue, 03 Mar 2026 00:00:00 GMT"),
        ("x-amz-abort-rule-id", "week"),
    ]
    assert headers.of_upload(bucket(RULE), "other", MADE) == []
    assert headers.of_upload(bucket(), "logs/a", MADE) == []
