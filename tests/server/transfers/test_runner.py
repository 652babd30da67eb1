"""Who runs a transfer, and what becomes of it: two processes' worth of runners on one folder."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from yarl import URL

from holdall.client.progress import StorageProgressComplete
from holdall.core.errors import Busy, PermissionDenied, StorageFull
from holdall.server import private_files
from holdall.server.transfers.folder import TRANSFERS, Folder
from holdall.server.transfers.runner import AT_ONCE, TransferRunner
from holdall.server.transfers.values import ATTEMPTS, Claim, End, Stopped, Transfer, Wanted, new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANY = URL("blob:b/k")


class Attempts:
    """Each waits to be let go, and ends as `ending` says."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self.made = 0
        self.ending: Callable[[Any], None] = lambda tally: None

    async def make(self, wanted: Any, granted: Any, imports: Any, tally: Any) -> None:
        self.made += 1
        self.began.set()
        await self.go.wait()
        self.ending(tally)


class Rights:
    """Grants, until it is told not to."""

    def __init__(self) -> None:
        self.refusal: Exception | None = None
        self.until = NOW + timedelta(1)

    async def grant(self, claim: Claim) -> Any:
        if self.refusal is not None:
            raise self.refusal
        return SimpleNamespace(key=None, until=self.until)

    async def imports(self, key: Any, wanted: Any) -> Any:
        return None


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


class Worker:
    """A runner with all that it is made of."""

    def __init__(self, directory: Path) -> None:
        self.attempts, self.rights = Attempts(), Rights()
        state: Any = SimpleNamespace(now=lambda: NOW)
        rights, attempts = self.rights, self.attempts
        self.folder = Folder(directory)
        self.runner = TransferRunner(self.folder, state, rights, attempts)  # type: ignore[arg-type]
        self.stopping = asyncio.Event()

    def add(self, later: int = 0) -> str:
        made = Transfer(
            id=new_id(NOW + timedelta(seconds=later)),
            claim=Claim(user="u", access_key="k", permanent="k"),
            wanted=Wanted(source=End(bucket="a"), target=End(bucket="b")),
            created=NOW,
        )
        self.folder.add(made)
        return made.id

    async def over(self, id: str) -> Transfer:
        await until(lambda: self.folder.get(id).is_over and not self.runner._running)
        return self.folder.get(id)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK", "TICK", "PAUSE"):
        monkeypatch.setattr(f"holdall.server.transfers.runner.{name}", 0.01)


@pytest.fixture
async def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


@pytest.fixture
async def second(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


async def test_exactly_one_runs_it(worker: Worker, second: Worker) -> None:
    id = worker.add()
    for _ in range(3):
        await asyncio.gather(worker.runner.look(), second.runner.look())
    await worker.attempts.began.wait()
    await second.runner.look()
    worker.attempts.go.set()
    assert (await worker.over(id)).state == "done"
    await asyncio.gather(worker.runner.look(), second.runner.look())
    assert (worker.attempts.made, second.attempts.made) == (1, 0)


async def test_so_many_at_once_and_the_oldest_first(worker: Worker) -> None:
    ids = [worker.add(later) for later in range(AT_ONCE + 2)]
    await worker.runner.look()
    await worker.runner.look()
    assert sorted(worker.runner._running) == ids[:AT_ONCE]
    worker.attempts.go.set()
    for id in ids[:AT_ONCE]:
        await worker.over(id)
    await worker.runner.look()
    for id in ids:
        assert (await worker.over(id)).state == "done"


async def test_the_other_one_cancels_it(worker: Worker, second: Worker) -> None:
    id = worker.add()
    await worker.runner.look()
    await worker.attempts.began.wait()
    second.folder.ask_to_cancel(id)
    await second.runner.settle(id)
    assert (await worker.over(id)).state == "cancelled"


async def test_one_that_nobody_runs_is_cancelled_at_once(worker: Worker) -> None:
    id = worker.add()
    worker.folder.ask_to_cancel(id)
    await worker.runner.settle(id)
    assert worker.folder.get(id).state == "cancelled"
    assert not worker.folder.is_to_be_cancelled(id)
    await worker.runner.look()
    assert worker.attempts.made == 0


async def test_a_stop_puts_it_off_and_another_goes_on(worker: Worker, second: Worker) -> None:
    id = worker.add()
    running = asyncio.create_task(worker.runner.run(worker.stopping))
    await worker.attempts.began.wait()
    assert worker.folder.get(id).fruitless == 1
    worker.stopping.set()
    await running
    found = worker.folder.get(id)
    assert (found.state, found.fruitless) == ("queued", 0)
    await worker.runner.look()
    assert worker.attempts.made == 1, "it has stopped"
    second.attempts.go.set()
    await second.runner.look()
    assert (await second.over(id)).state == "done"


async def test_a_key_that_is_taken_away(worker: Worker) -> None:
    id = worker.add()
    await worker.runner.look()
    await worker.attempts.began.wait()
    worker.rights.refusal = Stopped("failed", "KeyRevoked")
    found = await worker.over(id)
    assert (found.state, found.problem) == ("failed", "KeyRevoked")
    assert worker.attempts.made == 1


def failing(error: Exception) -> Callable[[Any], None]:
    def fail(tally: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "made", "problem"),
    [
        (Busy("x"), ATTEMPTS, "Busy"),
        (PermissionDenied("x"), 1, "PermissionDenied"),
        (RuntimeError("a mistake of ours"), ATTEMPTS, "InternalError"),
    ],
)
async def test_what_fails_as_a_whole(
    worker: Worker,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    made: int,
    problem: str,
) -> None:
    worker.attempts.ending = failing(error)
    worker.attempts.go.set()
    id = worker.add()
    with caplog.at_level(logging.ERROR):
        await worker.runner.look()
        found = await worker.over(id)
    assert (found.state, found.problem) == ("failed", problem)
    assert worker.attempts.made == made
    assert ("mistake" in caplog.text) is (problem == "InternalError")


async def test_progress_begins_the_count_anew(worker: Worker) -> None:
    def halting(tally: Any) -> None:
        if worker.attempts.made <= 5:
            tally.complete(StorageProgressComplete(ANY, ANY, 7))
        raise Busy("x")

    worker.attempts.ending = halting
    worker.attempts.go.set()
    id = worker.add()
    await worker.runner.look()
    assert (await worker.over(id)).state == "failed"
    assert worker.attempts.made == 5 + ATTEMPTS


async def test_used_up_credentials_are_replaced(worker: Worker) -> None:
    worker.rights.until = NOW
    id = worker.add()
    await worker.runner.look()
    await worker.attempts.began.wait()
    await until(lambda: worker.attempts.made >= 2)
    worker.rights.until = NOW + timedelta(1)
    worker.attempts.go.set()
    assert (await worker.over(id)).state == "done"


async def test_a_full_disk_loses_nothing(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    id = worker.add()
    await worker.runner.look()
    await worker.attempts.began.wait()

    def full(path: Path, text: str) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(private_files, "write", full)
        worker.attempts.go.set()
        await until(lambda: not worker.runner._running)
    assert not worker.folder.get(id).is_over
    await worker.runner.look()
    assert (await worker.over(id)).state == "done"


async def test_one_that_is_cancelled_before_it_began_is_let_go(
    worker: Worker, second: Worker
) -> None:
    id = worker.add()
    await worker.runner.look()
    for task in list(worker.runner._running.values()):
        task.cancel()
    await until(lambda: not worker.runner._running)
    second.attempts.go.set()
    await second.runner.look()
    assert (await second.over(id)).state == "done"


async def test_a_broken_file_holds_nothing_up(
    worker: Worker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken, id = worker.add(), worker.add(1)
    (tmp_path / TRANSFERS / f"{broken}.json").write_text("{")
    worker.attempts.go.set()
    await worker.runner.look()
    assert (await worker.over(id)).state == "done"
    await worker.runner.look()
    assert caplog.text.count("cannot be read") == 1


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO])
async def test_a_lock_that_cannot_be_opened_now_is_tried_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    unlucky, id = worker.add(), worker.add(1)
    opened, refused = os.open, list[str]()

    def refusing_once(path: Any, *how: Any, **more: Any) -> int:
        if str(path).endswith(f"{unlucky}.lock") and not refused:
            refused.append(str(path))
            raise OSError(code, os.strerror(code), str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(os, "open", refusing_once)
    worker.attempts.go.set()
    await worker.runner.look()
    assert (await worker.over(id)).state == "done", "nothing is held up"
    assert os.strerror(code) in caplog.text
    assert (worker.folder.get(unlucky).state, len(refused)) == ("queued", 1)
    await worker.runner.look()
    assert (await worker.over(unlucky)).state == "done"
