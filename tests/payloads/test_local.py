from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

from holdall.core.errors import Closed, ReadOnlyStore, StorageFull, StoreError
from holdall.payloads.local import LocalPayloads
from holdall.payloads.local.staging import stage, sweep
from holdall.payloads.protocol import Check
from holdall.testing import PayloadStoreTests
from holdall.testing.payloads import fetched, listed, stored, write

MIB = 1024 * 1024


def place(root: Path, id: str) -> Path:
    return root / "data" / f"{zlib.crc32(id.encode()) & 0xFF:02x}" / id


def unfinished(root: Path) -> list[Path]:
    return list((root / "staging").iterdir())


def finished(root: Path) -> list[Path]:
    return [path for path in (root / "data").rglob("*") if path.is_file()]


def open_below(root: Path) -> list[str]:
    """What this process has open in the store."""
    found = []
    for file in Path("/proc/self/fd").iterdir():
        try:
            found.append(os.readlink(file))
        except FileNotFoundError:  # the descriptor of this very listing
            continue
    return [path for path in found if path.startswith(str(root))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "payloads"


@pytest.fixture
async def store(root: Path) -> AsyncIterator[LocalPayloads]:
    store = LocalPayloads.create(root)
    yield store
    await store.aclose()
    assert unfinished(root) == []
    assert open_below(root) == []


class TestLocalPayloads(PayloadStoreTests):
    """The fixture above also proves that no test leaves a file or a descriptor behind."""


class TestLocalPayloadsWithoutFsync(PayloadStoreTests):
    @pytest.fixture
    async def store(self, root: Path) -> AsyncIterator[LocalPayloads]:
        store = LocalPayloads.create(root, fsync=False)
        yield store
        await store.aclose()
        assert unfinished(root) == []
        assert open_below(root) == []


class TestFolder:
    async def test_a_payload_is_one_file_of_its_bytes(
        self, store: LocalPayloads, root: Path
    ) -> None:
        data = await stored(store, "00002a-ff", 3 * MIB + 1)
        assert finished(root) == [place(root, "00002a-ff")]
        assert place(root, "00002a-ff").read_bytes() == data

    async def test_folders_are_made_ahead_of_time(self, store: LocalPayloads, root: Path) -> None:
        names = sorted(path.name for path in (root / "data").iterdir())
        assert names == [f"{number:02x}" for number in range(256)]

    async def test_create_again_keeps_everything_and_completes(
        self, store: LocalPayloads, root: Path
    ) -> None:
        data = await stored(store, "a", 10)
        empty = next(path for path in (root / "data").iterdir() if not any(path.iterdir()))
        empty.rmdir()
        again = LocalPayloads.create(root)
        assert empty.is_dir()
        assert await fetched(again, "a", 0, 10) == data
        await again.aclose()

    async def test_opening_touches_nothing(self, root: Path) -> None:
        await LocalPayloads(root).aclose()
        assert os.listdir(root.parent) == []

    def test_create_needs_the_parent(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError) as raised:
            LocalPayloads.create(tmp_path / "none" / "payloads")
        assert raised.value.facts["path"] == str(tmp_path / "none" / "payloads")

    def test_create_refuses_a_file(self, root: Path) -> None:
        root.write_text("precious")
        with pytest.raises(StoreError):
            LocalPayloads.create(root)
        assert root.read_text() == "precious"

    async def test_a_missing_folder_is_an_error_with_its_path(self, root: Path) -> None:
        store = LocalPayloads(root)
        with pytest.raises(StoreError, match="staging"):
            await write(store, "a", [b"x"])
        await store.aclose()

    async def test_foreign_files_are_not_payloads(self, store: LocalPayloads, root: Path) -> None:
        (root / "data" / "00" / "README.txt").write_text("hello")
        (root / "data" / "00" / "subfolder").mkdir()
        assert await listed(store) == {}

    async def test_a_truncated_file_ends_early(self, store: LocalPayloads, root: Path) -> None:
        data = await stored(store, "a", 9 * MIB)
        os.truncate(place(root, "a"), 4 * MIB + 5)
        assert await fetched(store, "a", 0, 9 * MIB) == data[: 4 * MIB + 5]


# system calls


class Calls:
    """Records system calls of `os`, by path; fails one on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.seen: list[tuple[str, str]] = []
        self._failing: tuple[str, str, int] | None = None
        self._root = root
        for name in ("open", "writev", "write", "fsync", "link", "unlink", "pread"):
            monkeypatch.setattr(os, name, self._recorded(name, getattr(os, name)))

    def fail(self, name: str, part: str, code: int) -> None:
        """Fail every such call on a path that has `part` in it."""
        self._failing = (name, part, code)

    def heal(self) -> None:
        self._failing = None

    def _recorded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(first: Any, *args: Any, **options: Any) -> Any:
            path = self._path(args[0] if name == "link" else first)
            if path is not None:
                self.seen.append((name, path))
                self._perhaps_fail(name, path)
            return call(first, *args, **options)

        return recorded

    def _path(self, target: Any) -> str | None:
        path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else str(target)
        inside = path.startswith(str(self._root))
        return path[len(str(self._root)) + 1 :] if inside else None

    def _perhaps_fail(self, name: str, path: str) -> None:
        if self._failing and name == self._failing[0] and self._failing[1] in path:
            raise OSError(self._failing[2], os.strerror(self._failing[2]))

    def named(self, *names: str) -> list[tuple[str, str]]:
        return [(name, path.partition("/")[0]) for name, path in self.seen if name in names]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, root: Path) -> Calls:
    return Calls(monkeypatch, root)


class TestOrder:
    async def test_bytes_then_name_then_folder(
        self, store: LocalPayloads, root: Path, calls: Calls
    ) -> None:
        await stored(store, "a", 2 * MIB)
        folder = str(place(root, "a").parent.relative_to(root))
        changes = [(name, path) for name, path in calls.seen if name != "open"]
        staged = changes[0][1]
        assert staged.startswith("staging/")
        assert changes[-4:] == [
            ("fsync", staged),
            ("link", f"{folder}/a"),
            ("unlink", staged),
            ("fsync", folder),
        ]
        assert set(changes[:-4]) == {("writev", staged)}

    async def test_no_fsync_when_switched_off(self, root: Path, calls: Calls) -> None:
        store = LocalPayloads.create(root, fsync=False)
        await stored(store, "a", 9 * MIB)
        await store.delete(["a"])
        await store.aclose()
        assert calls.named("fsync") == []
        assert calls.named("link") == [("link", "data")]

    async def test_deletion_syncs_each_folder_once_and_last(
        self, store: LocalPayloads, root: Path, calls: Calls
    ) -> None:
        ids = [f"id-{number}" for number in range(600)]
        folders = {str(place(root, id).parent.relative_to(root)) for id in ids}
        for id in ids[:3]:
            await stored(store, id, 1)
        calls.seen.clear()
        await store.delete(ids)
        synced = [path for name, path in calls.seen if name == "fsync"]
        assert sorted(synced) == sorted(folders)
        last_unlink = max(at for at, call in enumerate(calls.seen) if call[0] == "unlink")
        assert last_unlink < min(at for at, call in enumerate(calls.seen) if call[0] == "fsync")

    async def test_a_deletion_whose_fsync_failed_syncs_when_repeated(
        self, store: LocalPayloads, calls: Calls
    ) -> None:
        await stored(store, "a", 1)
        calls.fail("fsync", "data", errno.EIO)
        with pytest.raises(StoreError):
            await store.delete(["a"])
        calls.heal()
        calls.seen.clear()
        await store.delete(["a"])
        assert calls.named("fsync") == [("fsync", "data")]

    def test_creation_syncs_from_the_leaves_up(self, root: Path, calls: Calls) -> None:
        LocalPayloads.create(root)
        assert [path for name, path in calls.seen if name == "fsync"] == ["data", ""]


STEPS = [
    ("open", "staging/"),
    ("writev", "staging/"),
    ("fsync", "staging/"),
    ("link", "data/"),
    ("unlink", "staging/"),
    ("fsync", "data/"),
]
KINDS = [
    (errno.ENOSPC, StorageFull),
    (errno.EDQUOT, StorageFull),
    (errno.EROFS, ReadOnlyStore),
    (errno.EACCES, ReadOnlyStore),
    (errno.EIO, StoreError),
]


class TestFaults:
    @pytest.mark.parametrize("size", [10, 9 * MIB])
    @pytest.mark.parametrize(("code", "kind"), KINDS)
    @pytest.mark.parametrize(("step", "part"), STEPS)
    async def test_a_step_that_fails_leaves_nothing(
        self,
        store: LocalPayloads,
        root: Path,
        calls: Calls,
        step: str,
        part: str,
        code: int,
        kind: type[StoreError],
        size: int,
    ) -> None:
        kept = await stored(store, "kept", 100)
        calls.fail(step, part, code)
        with pytest.raises(StoreError) as raised:
            await stored(store, "a", size)
        assert type(raised.value) is kind
        assert str(root) in raised.value.facts["path"]
        assert isinstance(raised.value.__cause__, OSError)
        assert raised.value.__cause__.errno == code
        calls.heal()
        assert finished(root) == [place(root, "kept")]
        if step != "unlink":  # the unlink itself failed: that is for the sweeper
            assert unfinished(root) == []
        assert await store.sweep() == (step == "unlink")
        assert await fetched(store, "kept", 0, 100) == kept
        data = await stored(store, "a", size)
        assert await fetched(store, "a", 0, size) == data

    async def test_a_short_write_is_continued(
        self, store: LocalPayloads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real_writev, real_write = os.writev, os.write
        lengths: list[int] = []

        def short_writev(file: int, chunks: list[bytes]) -> int:
            return real_writev(file, [chunks[0][: len(chunks[0]) // 2]])

        def short_write(file: int, rest: memoryview) -> int:
            lengths.append(len(rest))
            return real_write(file, rest[: len(rest) // 2 + 1])

        monkeypatch.setattr(os, "writev", short_writev)
        chunks = [os.urandom(MIB // 2) for _ in range(3)]
        async with aclosing(await store.begin()) as writing:
            monkeypatch.setattr(os, "write", short_write)
            for chunk in chunks:
                await writing.write(chunk)
            await writing.finish("a")
            monkeypatch.setattr(os, "write", real_write)
        assert len(lengths) > 2
        assert await fetched(store, "a", 0, 2 * MIB) == b"".join(chunks)

    async def test_an_error_behind_the_back_surfaces_and_stays(
        self, store: LocalPayloads, root: Path, calls: Calls
    ) -> None:
        calls.fail("writev", "staging/", errno.ENOSPC)
        async with aclosing(await store.begin()) as writing:
            await writing.write(bytes(MIB))  # goes to the thread, and fails there
            with pytest.raises(StorageFull):
                for _ in range(100):
                    await writing.write(bytes(MIB))
            calls.heal()
            with pytest.raises(StorageFull):
                await writing.write(b"more")
            with pytest.raises(StorageFull):
                await writing.finish("a")
            assert unfinished(root) == []
        assert finished(root) == []

    async def test_an_error_of_the_last_write_surfaces_at_finish(
        self, store: LocalPayloads, root: Path, calls: Calls
    ) -> None:
        calls.fail("writev", "staging/", errno.ENOSPC)
        async with aclosing(await store.begin()) as writing:
            await writing.write(bytes(MIB))
            with pytest.raises(StorageFull):
                await writing.finish("a")
        assert finished(root) == []

    async def test_an_existing_file_is_never_replaced(
        self, store: LocalPayloads, root: Path
    ) -> None:
        place(root, "a").write_bytes(b"somebody's")
        with pytest.raises(StoreError) as raised:
            await stored(store, "a", 9 * MIB)
        assert isinstance(raised.value.__cause__, FileExistsError)
        assert raised.value.facts["path"] == str(place(root, "a"))
        assert place(root, "a").read_bytes() == b"somebody's"

    async def test_a_read_that_fails(self, store: LocalPayloads, root: Path, calls: Calls) -> None:
        await stored(store, "a", 9 * MIB)
        calls.fail("pread", "data/", errno.EIO)
        async with aclosing(await store.read("a", 0, 9 * MIB)) as reading:
            with pytest.raises(StoreError) as raised:
                await anext(reading)
        assert raised.value.facts["path"] == str(place(root, "a"))

    async def test_a_short_read_is_not_the_end(
        self, store: LocalPayloads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = await stored(store, "a", 9 * MIB)
        real = os.pread
        monkeypatch.setattr(os, "pread", lambda file, size, at: real(file, size // 2 + 1, at))
        assert await fetched(store, "a", 0, 9 * MIB) == data

    async def test_a_file_that_may_not_be_opened(self, store: LocalPayloads, calls: Calls) -> None:
        await stored(store, "a", 1)
        calls.fail("open", "data/", errno.EACCES)
        with pytest.raises(StoreError) as raised:
            await store.read("a", 0, 1)
        assert type(raised.value) is StoreError


# real file systems


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Mounts a small tmpfs at a place; gone afterwards."""
    with ExitStack() as stack:

        def mount(place: Path, options: str) -> None:
            place.mkdir(exist_ok=True)
            command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
            if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
                pytest.skip("mounting a tmpfs needs root and a kernel that lets it")
            stack.callback(subprocess.run, ["umount", "-l", str(place)], check=True)

        yield mount


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


class TestRealFileSystems:
    async def test_a_full_disk(self, tmp_path: Path, mounted: Callable[..., None]) -> None:
        mounted(tmp_path / "disk", "size=6m")
        root = tmp_path / "disk" / "payloads"
        store = LocalPayloads.create(root)
        data = await stored(store, "a", 3 * MIB)
        with pytest.raises(StorageFull):
            await stored(store, "b", 8 * MIB)
        assert unfinished(root) == []
        assert await fetched(store, "a", 0, 3 * MIB) == data
        await stored(store, "c", MIB)  # the failed one gave its room back
        await store.delete(["a"])
        await stored(store, "b", 4 * MIB)
        assert await listed(store) == {"b": 4 * MIB, "c": MIB}
        await store.aclose()

    async def test_a_disk_without_inodes(
        self, tmp_path: Path, mounted: Callable[..., None]
    ) -> None:
        mounted(tmp_path / "disk", "size=6m,nr_inodes=262")
        root = tmp_path / "disk" / "payloads"
        store = LocalPayloads.create(root)
        with pytest.raises(StorageFull):
            for number in range(10):
                await stored(store, f"id-{number}", 1)
        assert unfinished(root) == []
        await store.aclose()

    async def test_a_read_only_disk(self, tmp_path: Path, mounted: Callable[..., None]) -> None:
        mounted(tmp_path / "disk", "size=6m")
        store = LocalPayloads.create(tmp_path / "disk" / "payloads")
        data = await stored(store, "a", 1000)
        make_read_only(tmp_path / "disk")
        assert await fetched(store, "a", 0, 1000) == data
        assert await listed(store) == {"a": 1000}
        with pytest.raises(ReadOnlyStore):
            await stored(store, "b", 1)
        with pytest.raises(ReadOnlyStore):
            await store.delete(["a"])
        await store.aclose()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    async def test_a_folder_without_permission(self, root: Path) -> None:
        store = LocalPayloads.create(root)
        (root / "staging").chmod(0o500)
        with pytest.raises(ReadOnlyStore):
            await stored(store, "a", 1)
        (root / "staging").chmod(0o700)
        await store.aclose()


# writers, dead and alive

WRITER = """
import asyncio, sys
from pathlib import Path
from holdall.payloads.local import LocalPayloads

async def main():
    store = LocalPayloads(Path(sys.argv[1]))
    writing = await store.begin()
    for _ in range(9):
        await writing.write(bytes(1024 * 1024))
    print("staged", flush=True)
    sys.stdin.readline()
    await writing.finish("theirs")
    await writing.aclose()
    await store.aclose()

asyncio.run(main())
"""


@pytest.fixture
def writer(store: LocalPayloads, root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of a payload until it is told to go on."""
    command = [sys.executable, "-c", WRITER, str(root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        yield process
        process.kill()


class TestSweep:
    async def test_what_a_killed_writer_left_is_removed(
        self, store: LocalPayloads, root: Path, writer: subprocess.Popen[str]
    ) -> None:
        assert len(unfinished(root)) == 1
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert len(unfinished(root)) == 1
        assert await store.sweep() == 1
        assert unfinished(root) == []
        assert await listed(store) == {}

    async def test_a_living_writer_is_spared(
        self, store: LocalPayloads, root: Path, writer: subprocess.Popen[str]
    ) -> None:
        assert await store.sweep() == 0
        assert len(unfinished(root)) == 1
        writer.communicate("go on\n")
        assert writer.returncode == 0
        assert await listed(store) == {"theirs": 9 * MIB}

    async def test_a_writer_killed_between_link_and_unlink(
        self, store: LocalPayloads, root: Path
    ) -> None:
        data = await stored(store, "a", 1000)
        os.link(place(root, "a"), root / "staging" / "left")
        assert await store.sweep() == 1
        assert await fetched(store, "a", 0, 1000) == data

    def test_a_file_swept_before_it_is_locked_is_made_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, swept = fcntl.flock, []

        def late_flock(file: int, how: int) -> None:
            if not swept:
                swept.append(None)
                assert sweep(str(tmp_path)) == 0
                assert os.listdir(tmp_path) == []
            real(file, how)

        monkeypatch.setattr(fcntl, "flock", late_flock)
        path, file = stage(str(tmp_path))
        assert swept
        assert os.listdir(tmp_path) == [os.path.basename(path)]
        os.write(file, b"x")
        assert sweep(str(tmp_path)) == 0
        os.close(file)
        assert sweep(str(tmp_path)) == 1
        assert os.listdir(tmp_path) == []

    def test_a_file_that_a_sweeper_has_locked_is_left_to_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, sweepers = os.open, []

        def raced_open(path: str, flags: int, mode: int = 0o777) -> int:
            file = real(path, flags, mode)
            if not sweepers:
                sweepers.append(real(path, os.O_RDONLY))
                fcntl.flock(sweepers[0], fcntl.LOCK_EX)
            return file

        monkeypatch.setattr(os, "open", raced_open)
        path, file = stage(str(tmp_path))
        assert len(os.listdir(tmp_path)) == 2  # the sweeper will unlink the other one
        os.close(sweepers[0])
        sweep(str(tmp_path))
        assert os.listdir(tmp_path) == [os.path.basename(path)]
        os.close(file)

    async def test_sweepers_and_writers_at_once(self, store: LocalPayloads, root: Path) -> None:
        done = False

        async def keep_sweeping() -> int:
            swept = 0
            while not done:
                swept += await store.sweep()
            return swept

        sweeper = asyncio.create_task(keep_sweeping())
        sizes = {f"id-{number}": 1 + number % 7 for number in range(300)}
        await asyncio.gather(*(stored(store, id, size) for id, size in sizes.items()))
        done = True
        await sweeper
        assert await listed(store) == sizes

    def test_a_stage_that_cannot_be_locked_is_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_locks(file: int, how: int) -> None:
            raise OSError(errno.ENOLCK, "no locks")

        monkeypatch.setattr(fcntl, "flock", no_locks)
        with pytest.raises(OSError, match="no locks"):
            stage(str(tmp_path))
        assert os.listdir(tmp_path) == []


# threads, cancellation, closing


class Gate:
    """Holds a thread where it stands until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self._opened.wait(30)

    def open(self) -> None:
        self._opened.set()

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 30)


class TestThreads:
    async def test_a_cancelled_finish_waits_and_is_whole(
        self, store: LocalPayloads, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate, real = Gate(), os.link

        def slow_link(source: str, target: str) -> None:
            gate.pass_through()
            real(source, target)

        monkeypatch.setattr(os, "link", slow_link)
        async with aclosing(await store.begin()) as writing:
            await writing.write(b"content")
            finishing = asyncio.create_task(writing.finish("a"))
            await gate.wait()
            for _ in range(3):
                finishing.cancel()
                await asyncio.sleep(0)
            assert not finishing.done()
            gate.open()
            with pytest.raises(asyncio.CancelledError):
                await finishing
        assert place(root, "a").read_bytes() == b"content"

    async def test_aclose_waits_for_the_thread_that_writes(
        self, store: LocalPayloads, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate, real = Gate(), os.writev

        def slow_writev(file: int, chunks: list[bytes]) -> int:
            gate.pass_through()
            return real(file, chunks)

        monkeypatch.setattr(os, "writev", slow_writev)
        writing = await store.begin()
        await writing.write(bytes(MIB))
        await gate.wait()
        closing = asyncio.create_task(writing.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.sleep(0)
        assert not closing.done()
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert unfinished(root) == []
        assert open_below(root) == []

    async def test_write_is_ready_while_the_thread_writes(
        self, store: LocalPayloads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate, real = Gate(), os.writev

        def slow_writev(file: int, chunks: list[bytes]) -> int:
            gate.pass_through()
            return real(file, chunks)

        monkeypatch.setattr(os, "writev", slow_writev)
        async with aclosing(await store.begin()) as writing:
            for _ in range(4):  # one with the thread, three that wait
                await writing.write(bytes(MIB))
            fifth = asyncio.create_task(writing.write(bytes(MIB)))
            await gate.wait()
            await asyncio.sleep(0)
            assert not fifth.done()  # memory stays bounded
            gate.open()
            await fifth

    async def test_a_reading_is_closed_after_its_threads(
        self, store: LocalPayloads, root: Path
    ) -> None:
        await stored(store, "a", 9 * MIB)
        gate = Gate()
        reading = await store.read("a", 0, 9 * MIB, lambda chunk, at: gate.pass_through())
        first = asyncio.ensure_future(anext(reading))
        await gate.wait()
        first.cancel()
        closing = asyncio.create_task(reading.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.sleep(0)
        assert open_below(root) == [str(place(root, "a"))]
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert open_below(root) == []

    async def test_a_cancelled_read_loses_no_bytes(self, store: LocalPayloads) -> None:
        data = await stored(store, "a", 9 * MIB)
        gate = Gate()
        async with aclosing(
            await store.read("a", 0, 9 * MIB, lambda chunk, at: gate.pass_through())
        ) as reading:
            first = asyncio.ensure_future(anext(reading))
            await gate.wait()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            gate.open()
            assert b"".join([chunk async for chunk in reading]) == data

    async def test_closing_waits_for_what_has_begun_and_begins_nothing(
        self, store: LocalPayloads, root: Path
    ) -> None:
        await stored(store, "a", 20 * MIB)
        gate, seen = Gate(), list[int]()

        def check(chunk: bytes, offset: int) -> None:
            seen.append(offset)
            gate.pass_through()

        reading = await store.read("a", 0, 20 * MIB, check)
        first = asyncio.ensure_future(anext(reading))
        await gate.wait()
        first.cancel()
        closing = asyncio.create_task(reading.aclose())
        await asyncio.sleep(0)
        assert not closing.done()
        assert open_below(root) != []
        gate.open()
        await closing
        begun = len(seen)
        assert 1 <= begun <= 2  # there are two threads, and more pieces were asked for
        await fetched(store, "a", 0, 20 * MIB)  # far more than the time to begin another
        assert len(seen) == begun

    async def test_closing_ends_a_read_that_waits(self, store: LocalPayloads) -> None:
        await stored(store, "a", 20 * MIB)
        gate = Gate()
        held = await store.read("a", 0, 20 * MIB, lambda chunk, at: gate.pass_through())
        other = await store.read("a", 0, 20 * MIB)
        holding = asyncio.ensure_future(anext(held))
        await gate.wait()
        waiting = asyncio.ensure_future(anext(other))  # no thread is left for it
        await asyncio.sleep(0)
        await other.aclose()
        with pytest.raises(Closed):
            await waiting
        gate.open()
        assert await holding
        await held.aclose()

    async def test_a_failure_waits_for_the_next_after_a_cancelled_read(
        self, store: LocalPayloads
    ) -> None:
        await stored(store, "a", 10)
        gate = Gate()

        def check(chunk: bytes, offset: int) -> None:
            gate.pass_through()
            raise StoreError("bad bytes", path="x")

        async with aclosing(await store.read("a", 0, 10, check)) as reading:
            first = asyncio.ensure_future(anext(reading))
            await gate.wait()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            gate.open()
            for _ in range(2):
                with pytest.raises(StoreError, match="bad bytes"):
                    await anext(reading)

    async def test_reading_ahead_is_bounded(self, store: LocalPayloads) -> None:
        await stored(store, "a", 40 * MIB)
        seen: list[int] = []
        async with aclosing(
            await store.read("a", 0, 40 * MIB, lambda chunk, at: seen.append(len(chunk)))
        ) as reading:
            await anext(reading)
            async with aclosing(await store.read("a", 0, 40 * MIB)) as other:
                async for _ in other:  # far more than the time to read ahead
                    pass
            assert sum(seen) <= 3 * 4 * MIB

    async def test_a_crowd_of_readings_holds_less_each(self, store: LocalPayloads) -> None:
        data = await stored(store, "a", 12 * MIB)
        held = dict.fromkeys(range(48), 0)

        def reads(number: int) -> Check:
            def check(chunk: bytes, at: int) -> None:
                held[number] += len(chunk)

            return check

        async with AsyncExitStack() as stack:
            readings = [
                await stack.enter_async_context(
                    aclosing(await store.read("a", 0, 12 * MIB, reads(number)))
                )
                for number in held
            ]
            assert {len(await anext(reading)) for reading in readings} == {MIB // 4}
            assert sum(held.values()) <= 24 * MIB
            rest = b"".join([chunk async for chunk in readings[0]])
            assert rest == data[MIB // 4 :]
        async with aclosing(await store.read("a", 0, 12 * MIB)) as alone:
            assert len(await anext(alone)) == 3 * MIB

    async def test_an_exhausted_reading_has_closed_itself(
        self, store: LocalPayloads, root: Path
    ) -> None:
        await stored(store, "a", 10)
        reading = await store.read("a", 0, 10)
        assert open_below(root) != []
        async for _ in reading:
            pass
        assert open_below(root) == []

    async def test_a_forgotten_reading_is_named(self, store: LocalPayloads, root: Path) -> None:
        await stored(store, "a", 10)
        reading = await store.read("a", 0, 10)
        forgotten = [reading]
        del reading
        with pytest.warns(ResourceWarning, match=f"reading of {place(root, 'a')}"):
            forgotten.clear()
        assert open_below(root) == []

    async def test_a_forgotten_writing_is_named(self, store: LocalPayloads, root: Path) -> None:
        writing = await store.begin()
        for _ in range(9):
            await writing.write(bytes(MIB))
        await store.aclose()  # no thread holds it any more
        forgotten = [writing]
        del writing
        with pytest.warns(ResourceWarning, match="writing of"):
            forgotten.clear()
        assert unfinished(root) == []
        assert open_below(root) == []

    async def test_a_closed_store(self, store: LocalPayloads, root: Path) -> None:
        await stored(store, "a", 10)
        writing = await store.begin()
        for _ in range(9):
            await writing.write(bytes(MIB))
        reading = await store.read("a", 0, 10)
        await store.aclose()
        with pytest.raises(Closed):
            await anext(reading)
        with pytest.raises(Closed):
            await writing.finish("b")
        with pytest.raises(Closed):
            await store.delete(["a"])
        await reading.aclose()
        await writing.aclose()
        assert finished(root) == [place(root, "a")]
