"""The ways in which S3 writes a time, both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from holdall.s3 import times

TIME = datetime(2013, 5, 24, 1, 2, 3, 999_999, tzinfo=UTC)
SECOND = TIME.replace(microsecond=0)


def test_writing() -> None:
    assert times.to_iso(TIME) == "2013-05-24T01:02:03.000Z"
    assert times.to_http(TIME) == "Fri, 24 May 2013 01:02:03 GMT"
    assert times.to_amz(TIME) == "20130524T010203Z"


def test_writing_of_another_zone() -> None:
    there = TIME.astimezone(timezone(timedelta(hours=-7)))
    assert times.to_http(there) == times.to_http(TIME)
    assert times.to_iso(there) == times.to_iso(TIME)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 24 May 2013 01:02:03 GMT",
        "Friday, 24-May-13 01:02:03 GMT",
        "Fri May 24 01:02:03 2013",
    ],
)
def test_the_three_forms_of_a_date(text: str) -> None:
    assert times.from_http(text) == SECOND


@pytest.mark.parametrize("text", ["", "yesterday", "Fri, 99 May 2013 01:02:03 GMT"])
def test_no_date(text: str) -> None:
    assert times.from_http(text) is None


@pytest.mark.parametrize("text", ["", "20130524", "20130524T010203", "20139924T010203Z"])
def test_no_time_of_a_signature(text: str) -> None:
    assert times.from_amz(text) is None
    assert times.from_amz("20130524T010203Z") == SECOND


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2013-05-24T01:02:03Z", SECOND),
        ("2013-05-24T03:02:03+02:00", SECOND),
        ("2013-05-24", datetime(2013, 5, 24, tzinfo=UTC)),
        ("20130524", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
    ],
)
def test_iso(text: str, found: datetime | None) -> None:
    assert times.from_iso(text) == found
