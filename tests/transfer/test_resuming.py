"""A transfer that was killed goes on where it was, and never joins two contents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdall import BlobNotFound, Client, Conflict, NotFound, connect
from holdall.client.parts import LEAST
from holdall.transfer.resumable import LARGE
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder

from .killing import digest_of, fill, kill_at

SIZE = 64 * 1024 * 1024
URI = "blob:box/large"


async def uploads(client: Client) -> int:
    place = await client.place(URI)
    return len(await place.backend.list_uploads(place.bucket.id))


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """A store that no process has open."""
    async with connect(tmp_path / "store", owner="ann") as client:
        await client.buckets.create("box")
    return tmp_path / "store"


@pytest.fixture
def large(local: Path) -> Path:
    fill(local / "large", SIZE)
    return local / "large"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
async def test_an_upload_that_was_killed(
    store: Path, tmp_path: Path, large: Path, share: float
) -> None:
    journal = tmp_path / "journal"
    passed = kill_at(store, journal, "up", large, URI, int(SIZE * share)).passed
    async with connect(store, owner="ann") as client:
        transfers = Transfers(client, journal)
        [entry] = await transfers.unfinished()
        progress = Recorder()
        await transfers.resume(entry.id, progress)
        there = progress.of("step")[0].current
        # What had arrived is not sent again; what was under way, four parts at most, is.
        assert passed - there <= 4 * LEAST
        assert there > 0 or share < 0.6
        await transfers.buckets.download_file(URI, tmp_path / "back")
        assert digest_of(tmp_path / "back") == digest_of(large)
        assert await transfers.unfinished() == []
        assert await uploads(client) == 0
        await client.sweep()
        assert list(await client.check(scrub=True)) == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
async def test_a_download_that_was_killed(
    store: Path, tmp_path: Path, large: Path, local: Path, share: float
) -> None:
    journal, target = tmp_path / "journal", local / "down"
    target.write_bytes(b"before")
    async with connect(store, owner="ann") as client:
        await client.buckets.upload_file(large, URI)
    passed = kill_at(store, journal, "down", target, URI, int(SIZE * share)).passed
    assert target.read_bytes() == b"before"
    async with connect(store, owner="ann") as client:
        transfers = Transfers(client, journal)
        [entry] = await transfers.unfinished()
        progress = Recorder()
        await transfers.resume(entry.id, progress)
        there = progress.of("step")[0].current
        assert passed - there <= 4 * LEAST
        assert digest_of(target) == digest_of(large)
        assert sorted(os.listdir(local)) == ["down", "large"]
        assert await transfers.unfinished() == []


class Stop(Exception):
    """Ends a transfer from its own progress."""


class StopAt(Recorder):
    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def step(self, data: object) -> None:
        super().step(data)
        if self.of("step")[-1].current >= self._share * SIZE:
            raise Stop


async def stopped_upload(transfers: Transfers, large: Path) -> str:
    with pytest.raises(Stop):
        await transfers.buckets.upload_file(large, URI, progress=StopAt(0.7))
    [entry] = await transfers.unfinished()
    return entry.id


async def stopped_download(transfers: Transfers, large: Path, target: Path) -> str:
    await transfers.buckets.upload_file(large, URI)
    with pytest.raises(Stop):
        await transfers.buckets.download_file(URI, target, progress=StopAt(0.7))
    [entry] = await transfers.unfinished()
    return entry.id


async def test_the_same_upload_again_goes_on(transfers: Transfers, large: Path) -> None:
    await stopped_upload(transfers, large)
    progress = Recorder()
    await transfers.buckets.upload_file(large, URI, progress=progress)
    assert progress.of("step")[0].current > 0
    assert await transfers.unfinished() == []


async def test_a_source_that_changed_is_said_and_forgotten(
    client: Client, transfers: Transfers, large: Path
) -> None:
    id = await stopped_upload(transfers, large)
    with large.open("r+b") as file:
        file.write(b"!")
    with pytest.raises(Conflict, match="changed"):
        await transfers.resume(id)
    assert await transfers.unfinished() == []
    assert await uploads(client) == 0
    with pytest.raises(BlobNotFound):
        await client.buckets.head_blob("box", "large")


async def test_a_source_that_changed_is_uploaded_anew_when_asked_for_again(
    client: Client, transfers: Transfers, large: Path, tmp_path: Path
) -> None:
    await stopped_upload(transfers, large)
    with large.open("r+b") as file:
        file.write(b"!")
    await transfers.buckets.upload_file(large, URI)
    await client.buckets.download_file(URI, tmp_path / "back")
    assert digest_of(tmp_path / "back") == digest_of(large)
    assert await uploads(client) == 0


async def test_a_source_that_is_gone(client: Client, transfers: Transfers, large: Path) -> None:
    id = await stopped_upload(transfers, large)
    os.unlink(large)
    with pytest.raises(FileNotFoundError):
        await transfers.resume(id)
    assert await transfers.unfinished() == []
    assert await uploads(client) == 0


async def test_an_upload_that_was_finished_and_not_noted(
    client: Client, transfers: Transfers, large: Path
) -> None:
    id = await stopped_upload(transfers, large)
    [entry] = await transfers.unfinished()
    journal = large.parent.parent / "journal" / f"{id}.journal"
    noted = journal.read_bytes()
    await transfers.resume(id)
    journal.write_bytes(noted)
    before = await client.buckets.head_blob("box", "large")
    await transfers.resume(id)
    assert await client.buckets.head_blob("box", "large") == before
    assert await transfers.unfinished() == []
    assert entry.size == SIZE


async def test_a_download_goes_on_with_the_revision_it_began_with(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    await client.buckets.put_blob("box", "large", b"newer")
    await transfers.resume(id)
    assert digest_of(local / "down") == digest_of(large)


async def test_the_same_download_again_takes_the_newer_revision_whole(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    await stopped_download(transfers, large, local / "down")
    newer = fill(local / "newer", LARGE + 1)  # shorter than what is there already
    await client.buckets.upload_file(local / "newer", URI)
    await transfers.buckets.download_file(URI, local / "down")
    assert digest_of(local / "down") == newer
    assert sorted(os.listdir(local)) == ["down", "large", "newer"]


async def test_a_download_whose_blob_is_gone(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    await client.buckets.delete_all_revisions("box", "large")
    with pytest.raises((Conflict, NotFound)):
        await transfers.resume(id)
    assert await transfers.unfinished() == []
    assert os.listdir(local) == ["large"]


async def test_a_part_that_did_not_reach_the_disk_is_fetched_again(
    transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    [name] = [name for name in os.listdir(local) if name.startswith(".holdall-")]
    os.truncate(local / name, 0)
    os.truncate(local / name, SIZE)
    progress = Recorder()
    await transfers.resume(id, progress)
    assert progress.of("step")[0].current == 0
    assert digest_of(local / "down") == digest_of(large)


async def test_what_is_forgotten_leaves_nothing(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    await transfers.forget(await stopped_upload(transfers, large))
    assert await uploads(client) == 0
    await transfers.forget(await stopped_download(transfers, large, local / "down"))
    assert os.listdir(local) == ["large"]
    assert await transfers.unfinished() == []


async def test_what_lost_its_bucket_can_be_forgotten(
    client: Client, transfers: Transfers, large: Path
) -> None:
    id = await stopped_upload(transfers, large)
    await client.buckets.rm("box", force=True)
    with pytest.raises(NotFound):
        await transfers.resume(id)
    await transfers.forget(id)
    assert await transfers.unfinished() == []


async def test_two_of_the_same_transfer_do_not_meet(
    client: Client, transfers: Transfers, large: Path
) -> None:
    other = Transfers(client, large.parent.parent / "journal")
    id = await stopped_upload(transfers, large)
    with other._journal.record(id), pytest.raises(Conflict, match="under way"):
        await transfers.resume(id)
    await transfers.resume(id)


async def test_a_small_file_is_not_noted(transfers: Transfers, local: Path) -> None:
    (local / "small").write_bytes(b"x")
    await transfers.buckets.upload_file(local / "small", "blob:box/small")
    assert not (local.parent / "journal").exists()
