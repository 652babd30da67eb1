"""Transfers of servers that stop, are killed, have several workers, or speak TLS."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from holdall.cli.profiles import Profile
from holdall.cli.remote import Remote
from holdall.core.errors import StoreError
from holdall.server.options import ServerOptions
from holdall.server.transfers.folder import TRANSFERS
from holdall.server.transfers.home import Home
from holdall.testing.proxy import Proxy
from tests.line import HeldUp, line_to
from tests.server.running.test_serving import await_workers, self_signed, served
from tests.server.transfers.transferring import content, ended, imported, started
from tests.server.whole import Whole, control, s3, serving_whole

KEYS = 12
PRIVATE = "--allow-private-endpoints"
T = TypeVar("T")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A provider with a bucket."""
    directory: Path = tmp_path_factory.mktemp("other") / "store"
    with serving_whole(directory) as running:
        client = s3(running.profile)
        client.create_bucket(Bucket="theirs")
        for number in range(KEYS):
            client.put_object(Bucket="theirs", Key=f"k{number:02}", Body=b"%d" % number * 100)
        yield running


@pytest.fixture
def line(other: Whole) -> Iterator[Proxy]:
    with line_to(other.endpoint) as proxy:
        yield proxy


def asked(profile: Profile, work: Callable[[Remote], Awaitable[T]]) -> T:
    """What the control plane of a server is asked."""

    async def asking() -> T:
        async with control(profile) as remote:
            return await work(remote)

    return asyncio.run(asking())


def begun(profile: Profile, other: Whole, line: Proxy) -> tuple[str, HeldUp]:
    """A transfer that is held up at one key, and what holds it."""
    held_up = HeldUp("/k06")

    async def work(admin: Remote) -> str:
        await admin.post("/buckets", name="target")
        place = await imported(admin, other, "theirs", line.endpoint_url)
        line.choose(held_up)
        return await started(admin, place, "target")

    id = asked(profile, work)
    assert held_up.reached.wait(30)
    return id, held_up


def finished(profile: Profile, id: str) -> dict[str, Any]:
    return asked(profile, lambda admin: ended(admin, id))


def test_it_goes_on_after_a_stop(tmp_path: Path, other: Whole, line: Proxy) -> None:
    """The server does not wait for it."""
    with serving_whole(tmp_path / "own", allow_private_endpoints=True) as first:
        id, held_up = begun(first.profile, other, line)
        began = time.monotonic()
    assert time.monotonic() - began < 15
    found = json.loads((tmp_path / "own" / TRANSFERS / f"{id}.json").read_text())
    assert (found["state"], found["fruitless"]) == ("queued", 0)
    held_up.let_go()
    with serving_whole(tmp_path / "own", allow_private_endpoints=True) as second:
        after = finished(second.profile, id)
        assert (after["state"], after["failed"]) == ("done", 0)
        assert after["steps"]["skip"] > 0
        assert content(s3(second.profile), "target") == content(s3(other.profile), "theirs")


def test_what_it_reads_from_itself_does_not_hold_it_up(
    tmp_path: Path, other: Whole, line: Proxy
) -> None:
    held_up = HeldUp("/k06")
    with serving_whole(tmp_path / "own", allow_private_endpoints=True) as found:
        client = s3(found.profile)
        client.create_bucket(Bucket="source")
        client.put_object(Bucket="source", Key="k06", Body=bytes(40 * 1024 * 1024))

        async def work(admin: Remote) -> str:
            place = await imported(admin, other, "theirs", line.endpoint_url)
            line.choose(held_up)
            return await started(admin, "source", place, target={"bucket": place, "prefix": "back"})

        asked(found.profile, work)
        assert held_up.reached.wait(30)
        began = time.monotonic()
    assert time.monotonic() - began < 15


def test_it_goes_on_after_a_kill(tmp_path: Path, other: Whole, line: Proxy) -> None:
    with served(tmp_path, PRIVATE) as first:
        id, held_up = begun(first.profile, other, line)
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    held_up.let_go()
    with served(tmp_path, PRIVATE) as second:
        assert finished(second.profile, id)["state"] == "done"
        assert content(s3(second.profile), "target") == content(s3(other.profile), "theirs")
        assert {path.suffix for path in (tmp_path / "store" / TRANSFERS).iterdir()} == {".json"}


def holders(folder: Path, workers: list[int]) -> list[int]:
    """The workers that have a lock open."""
    return [pid for pid in workers if any(_has_open(pid, each) for each in folder.glob("*.lock"))]


def _has_open(pid: int, path: Path) -> bool:
    links = Path(f"/proc/{pid}/fd").iterdir()
    return any(os.readlink(link) == str(path) for link in links if link.is_symlink())


def test_one_of_several_workers_runs_it_and_another_takes_over(
    tmp_path: Path, other: Whole, line: Proxy
) -> None:
    with served(tmp_path, PRIVATE, "--workers", "2") as found:
        workers = await_workers(found)
        id, held_up = begun(found.profile, other, line)
        (holder,) = holders(tmp_path / "store" / TRANSFERS, workers)
        assert [each.target for each in line.met] == ["/theirs/k06"]
        os.kill(holder, signal.SIGKILL)
        held_up.let_go()
        after = finished(found.profile, id)
        assert (after["state"], after["steps"]["skip"] > 0) == ("done", True)
        assert content(s3(found.profile), "target") == content(s3(other.profile), "theirs")
    reads = Counter(each.target for each in line.asked if each.method == "GET")
    assert all(reads[f"/theirs/k{number:02}"] in (1, 2) for number in range(KEYS))


async def over_tls(options: ServerOptions, profile: Profile) -> dict[str, Any]:
    """A transfer, asked for over the way that the server has to itself."""
    home = Home(options)
    try:
        first = home.backend(profile.credentials)
        await first.aclose()  # which leaves the connections to the others
        control = home.backend(profile.credentials).control
        for name in ("one", "two"):
            await control.post("/buckets", {"name": name})
        ends = {"source": {"bucket": "one"}, "target": {"bucket": "two"}}
        id = (await control.post("/transfers", ends))["id"]
        found = await control.get(f"/transfers/{id}")
        async with asyncio.timeout(30):
            while found["ended_at"] is None:
                await asyncio.sleep(0.05)
                found = await control.get(f"/transfers/{id}")
        return dict(found)
    finally:
        await home.aclose()


def test_by_its_own_certificate_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certfile, keyfile = self_signed(tmp_path)
    directory = tmp_path / "store"
    with serving_whole(directory, certfile=certfile, keyfile=keyfile) as found:
        wrong = replace(found.options, certfile=self_signed(tmp_path / "other")[0])

        async def both() -> dict[str, Any]:
            """In one loop: the connection that was refused closes while the other is used."""
            with pytest.raises(StoreError):
                await over_tls(wrong, found.profile)
            return await over_tls(found.options, found.profile)

        assert asyncio.run(both())["state"] == "done"


def test_a_private_address_is_not_connected_to(tmp_path: Path, other: Whole, line: Proxy) -> None:
    with serving_whole(tmp_path / "own", allow_private_endpoints=True) as lenient:
        asked(lenient.profile, lambda admin: admin.post("/buckets", name="target"))
        asked(lenient.profile, lambda admin: imported(admin, other, "theirs", line.endpoint_url))
    before = len(line.asked)
    assert before > 0
    with serving_whole(tmp_path / "own") as strict:
        id = asked(strict.profile, lambda admin: started(admin, "theirs-import", "target"))
        found = finished(strict.profile, id)
    assert (found["state"], found["problem"]) == ("failed", "StoreError")
    assert len(line.asked) == before
