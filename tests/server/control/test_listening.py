"""Events over a WebSocket and as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument, NotFound
from tests.server.control.conftest import Login
from tests.server.whole import Whole, s3


async def first(remote: Remote, count: int, **query: str) -> list[dict[str, Any]]:
    """The first events of a stream."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        async for _, data in remote.stream("/events", **query):
            found.append(json.loads(data))
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")


async def test_what_happened_and_what_happens(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    client.put_object(Bucket=bucket, Key="one", Body=b"123")
    client.delete_object(Bucket=bucket, Key="one")
    listening = asyncio.create_task(first(admin, 4, bucket=bucket, after="0"))
    old = await first(admin, 3, bucket=bucket, after="0")
    await asyncio.to_thread(client.put_object, Bucket=bucket, Key="two", Body=b"")
    events = await listening
    assert events[:3] == old
    assert [(event["kind"], event["key"], event["size"]) for event in events] == [
        ("bucket_created", None, None),
        ("written", "one", 3),
        ("deleted", "one", events[2]["size"]),
        ("written", "two", 0),
    ]
    assert {(event["bucket"], event["actor"]) for event in events} == {(bucket, "admin")}
    assert sorted(events, key=lambda event: event["seq"]) == events


async def test_it_goes_on_where_it_broke_off(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    for key in ("a", "b", "c"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    events = await first(admin, 4, bucket=bucket, after="0")
    rest = await first(admin, 2, bucket=bucket, after=str(events[1]["seq"]))
    assert rest == events[2:]


async def test_only_what_is_asked_for(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    for key in ("logs/1", "photos/1", "logs/2"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    events = await first(admin, 3, bucket=bucket, prefix="logs/", after="0")
    assert [event["key"] for event in events] == [None, "logs/1", "logs/2"]
    start = str(events[0]["seq"])
    everywhere = await first(admin, 2, prefix="logs/", after=start)
    assert everywhere == events[1:]


async def test_who_may_not_list_is_told_nothing(
    whole: Whole, admin: Remote, login: Login, bucket: str, fresh: str
) -> None:
    user = await login(fresh)
    with pytest.raises(NotFound):
        await first(user, 1, bucket=bucket)
    s3(whole.profile).put_object(Bucket=bucket, Key="hidden", Body=b"")
    await user.post("/buckets", name=f"{fresh}o")
    [event] = await first(user, 1, after="0")
    assert (event["kind"], event["bucket"]) == ("bucket_created", f"{fresh}o")


async def test_a_bad_place_is_refused(admin: Remote) -> None:
    for after in ("-1", "x", str(2**63)):
        with pytest.raises(InvalidArgument):
            await first(admin, 1, after=after)


def address(whole: Whole, remote: Remote, query: str) -> tuple[str, dict[str, str]]:
    headers = remote._signed("GET", "/api/v1/events", query, b"")
    headers.pop("host")
    return f"{whole.endpoint.replace('http', 'ws', 1)}/api/v1/events?{query}", headers


async def test_the_same_over_a_websocket(whole: Whole, admin: Remote, bucket: str) -> None:
    client = s3(whole.profile)
    client.put_object(Bucket=bucket, Key="one", Body=b"1")
    url, headers = address(whole, admin, f"after=0&bucket={bucket}")
    async with connect(url, additional_headers=headers) as socket, asyncio.timeout(20):
        old = [json.loads(await socket.recv()) for _ in range(2)]
        await asyncio.to_thread(client.put_object, Bucket=bucket, Key="two", Body=b"22")
        new = json.loads(await socket.recv())
    assert [event["kind"] for event in old] == ["bucket_created", "written"]
    assert (new["key"], new["size"]) == ("two", 2)


async def test_a_websocket_is_signed_too(whole: Whole, admin: Remote, bucket: str) -> None:
    url, headers = address(whole, admin, f"after=0&bucket={bucket}")
    for wrong in ({}, headers | {"authorization": headers["authorization"][:-1] + "x"}):
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, additional_headers=wrong)
        assert caught.value.response.status_code == 403
