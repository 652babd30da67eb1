from __future__ import annotations

import pytest

from holdall.server import notifications
from holdall.server.notifications import Notification


@pytest.mark.parametrize(
    ("event", "key", "wanted"),
    [
        ("s3:ObjectCreated:Put", "logs/a.txt", True),
        ("s3:ObjectCreated:Copy", "logs/a.txt", True),
        ("s3:ObjectRemoved:Delete", "logs/a.txt", True),
        ("s3:ObjectRemoved:DeleteMarkerCreated", "logs/a.txt", False),
        ("s3:ObjectCreated:Put", "a.txt", False),
        ("s3:ObjectCreated:Put", "logs/a", False),
    ],
)
def test_what_is_told(event, key, wanted):
    events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:Delete")
    found = Notification("QueueConfiguration", "id", "arn", events, "logs/", ".txt")
    assert found.wants(event, key) is wanted


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:holdall:webhook:::builds", "builds"),
        ("arn:holdall:webhook:::", None),
        ("arn:holdall:webhook:::a/b", None),
        ("arn:aws:sqs:eu-north-1:123456789012:builds", None),
    ],
)
def test_the_name_of_a_webhook(arn, name):
    assert Notification("QueueConfiguration", "id", arn, ()).webhook == name


def test_as_stored():
    found = (
        Notification("TopicConfiguration", "<1>", "arn:a:b:c:d:e", ("s3:ObjectAcl:Put",), "é&"),
        Notification("QueueConfiguration", "2", "arn:a:b:c:d:f", ("s3:IntelligentTiering",)),
    )
    assert notifications.from_setting(notifications.to_xml(found).decode()) == found
