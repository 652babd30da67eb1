"""A transfer that was killed goes on where it was, and never joins two contents."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdall import BlobNotFound, Client, Conflict, NotFound, connect
from holdall.client.parts import LARGE, LEAST
from holdall.core.checksums import crc32c
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder, content

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


async def stopped_download(
    transfers: Transfers, large: Path, target: Path, revision: int | None = None
) -> str:
    await transfers.buckets.upload_file(large, URI)
    with pytest.raises(Stop):
        await transfers.buckets.download_file(URI, target, progress=StopAt(0.7), revision=revision)
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
    with pytest.raises(Conflict, match=f"{large} was changed since .* forgotten"):
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


async def test_a_source_that_is_away_for_a_moment(
    client: Client, transfers: Transfers, large: Path
) -> None:
    id = await stopped_upload(transfers, large)
    digest = digest_of(large)
    away = large.parent.rename(large.parent.with_name("unmounted"))
    with pytest.raises(NotFound, match=f"{large} is not there: the transfer is kept"):
        await transfers.resume(id)
    away.rename(large.parent)
    progress = Recorder()
    await transfers.resume(id, progress)
    assert progress.of("step")[0].current > 0
    await client.buckets.download_file(URI, large.parent / "back")
    assert digest_of(large.parent / "back") == digest
    assert await transfers.unfinished() == []


async def test_a_source_that_goes_away_meanwhile(transfers: Transfers, large: Path) -> None:
    id = await stopped_upload(transfers, large)

    class Renaming(Recorder):
        def start(self, data: object) -> None:
            large.rename(large.with_name("away"))

    with pytest.raises(NotFound, match="the transfer is kept"):
        await transfers.resume(id, Renaming())
    large.with_name("away").rename(large)
    await transfers.resume(id)
    assert await transfers.unfinished() == []


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


async def test_a_blob_that_is_newer_is_said_and_the_download_forgotten(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    await client.buckets.put_blob("box", "large", b"newer")
    with pytest.raises(Conflict, match=r"was changed since .* forgotten .* newer revision"):
        await transfers.resume(id)
    assert os.listdir(local) == ["large"]
    assert await transfers.unfinished() == []


async def test_a_blob_that_was_deleted_is_said_and_the_download_forgotten(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    await client.buckets.delete_blob("box", "large")  # its revisions are kept
    with pytest.raises(NotFound, match=r"was deleted since .* forgotten"):
        await transfers.resume(id)
    assert os.listdir(local) == ["large"]
    assert await transfers.unfinished() == []


async def test_a_certain_revision_goes_on_whatever_is_newer(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down", revision=0)
    await client.buckets.put_blob("box", "large", b"newer")
    await transfers.resume(id)
    assert digest_of(local / "down") == digest_of(large)


@pytest.mark.parametrize("is_past", [False, True])
async def test_a_sync_that_was_stopped_wanted_what_was_current_unless_it_had_a_time(
    client: Client, transfers: Transfers, large: Path, local: Path, is_past: bool
) -> None:
    await client.buckets.upload_file(large, URI)
    at = (await client.buckets.head_blob("box", "large")).modified_at if is_past else None
    with pytest.raises(Stop):
        await transfers.sync("blob:box", local / "all", at=at, progress=StopAt(0.7))
    [entry] = await transfers.unfinished()
    await client.buckets.put_blob("box", "large", b"newer")
    if is_past:
        await transfers.resume(entry.id)
        assert digest_of(local / "all" / "large") == digest_of(large)
    else:
        with pytest.raises(Conflict, match="newer revision"):
            await transfers.resume(entry.id)
        assert os.listdir(local / "all") == []


@pytest.mark.parametrize("before", [None, b"before"])
async def test_a_file_that_was_written_since_is_kept_and_so_is_the_download(
    transfers: Transfers, large: Path, local: Path, before: bytes | None
) -> None:
    down = local / "down"
    if before is not None:
        down.write_bytes(before)
    id = await stopped_download(transfers, large, down)
    down.write_bytes(b"own work")
    way = "copy again to replace it, or forget the transfer"
    with pytest.raises(Conflict, match=f"{down} was (written|changed) since .*{way}"):
        await transfers.resume(id)
    assert down.read_bytes() == b"own work"
    assert len(await transfers.unfinished()) == 1
    progress = Recorder()
    await transfers.buckets.download_file(URI, down, progress=progress)  # a new wish
    assert progress.of("step")[0].current > 0
    assert digest_of(down) == digest_of(large)


async def test_a_file_that_is_written_while_it_is_resumed_is_kept(
    transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")

    class Writing(Recorder):
        def start(self, data: object) -> None:
            (local / "down").write_bytes(b"own work")

    with pytest.raises(Conflict, match="was written since"):
        await transfers.resume(id, Writing())
    assert (local / "down").read_bytes() == b"own work"
    assert len(await transfers.unfinished()) == 1


async def test_the_same_download_again_is_a_new_wish_over_what_is_there_now(
    transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    (local / "down").write_bytes(b"own work")
    with pytest.raises(Stop):
        await transfers.buckets.download_file(URI, local / "down", progress=StopAt(0.9))
    progress = Recorder()
    await transfers.resume(id, progress)
    assert progress.of("step")[0].current > 0
    assert digest_of(local / "down") == digest_of(large)


async def test_a_download_that_was_finished_and_not_noted(
    transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    journal = local.parent / "journal" / f"{id}.journal"
    noted = journal.read_bytes()
    await transfers.resume(id)
    journal.write_bytes(noted)
    before = (local / "down").stat()
    await transfers.resume(id)
    assert (local / "down").stat() == before
    assert await transfers.unfinished() == []


async def test_a_download_whose_folder_is_away_for_a_moment(
    transfers: Transfers, large: Path, local: Path
) -> None:
    folder = local / "folder"
    folder.mkdir()
    id = await stopped_download(transfers, large, folder / "down")
    folder.rename(local / "away")
    with pytest.raises(NotFound, match=r"folder of .* the transfer is kept until it is"):
        await transfers.resume(id)
    assert len(await transfers.unfinished()) == 1
    (local / "away").rename(folder)
    await transfers.resume(id)
    assert digest_of(folder / "down") == digest_of(large)


async def test_a_download_whose_folder_is_gone_is_forgotten_when_told_to(
    transfers: Transfers, large: Path, local: Path
) -> None:
    (local / "folder").mkdir()
    id = await stopped_download(transfers, large, local / "folder" / "down")
    (local / "folder").rename(local / "away")
    await transfers.forget(id)
    assert await transfers.unfinished() == []


@pytest.mark.parametrize("before", [None, b"before"])
async def test_a_blob_that_was_written_since_is_kept_and_so_is_the_upload(
    client: Client, transfers: Transfers, large: Path, before: bytes | None
) -> None:
    if before is not None:
        await client.buckets.put_blob("box", "large", before)
    id = await stopped_upload(transfers, large)
    await client.buckets.put_blob("box", "large", b"somebody else's")
    way = "copy again to replace it, or forget the transfer"
    with pytest.raises(Conflict, match=f"large was (written|changed) since .*{way}"):
        await transfers.resume(id)
    assert await content(client, "large") == b"somebody else's"
    assert (len(await transfers.unfinished()), await uploads(client)) == (1, 1)
    progress = Recorder()
    await transfers.buckets.upload_file(large, URI, progress=progress)  # a new wish
    assert progress.of("step")[0].current > 0
    assert (await client.buckets.head_blob("box", "large")).size == SIZE


async def test_a_blob_that_was_there_and_did_not_change_is_replaced(
    client: Client, transfers: Transfers, large: Path
) -> None:
    await client.buckets.put_blob("box", "large", b"before")
    await transfers.resume(await stopped_upload(transfers, large))
    assert (await client.buckets.head_blob("box", "large")).size == SIZE


async def test_a_blob_that_was_deleted_since_stays_deleted(
    client: Client, transfers: Transfers, large: Path
) -> None:
    await client.buckets.put_blob("box", "large", b"before")
    id = await stopped_upload(transfers, large)
    await client.buckets.delete_blob("box", "large")
    with pytest.raises(Conflict, match="was removed since"):
        await transfers.resume(id)
    with pytest.raises(BlobNotFound):
        await client.buckets.head_blob("box", "large")


class Overtaken:
    """An upload whose blob somebody else writes right before its `method` is called."""

    def __init__(self, backend: Any, upload: Any, bucket: str, method: str) -> None:
        self._backend, self._upload, self._bucket, self._method = backend, upload, bucket, method

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._upload, name)
        if name != self._method:
            return found

        async def overtaken(*arguments: Any, **options: Any) -> Any:
            await self._backend.put(self._bucket, "large", b"somebody else's")
            return await found(*arguments, **options)

        return overtaken


@pytest.mark.parametrize(("method", "able"), [("complete", True), ("part", False)])
async def test_a_blob_that_is_written_while_an_upload_is_resumed_is_kept(
    client: Client,
    transfers: Transfers,
    large: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    able: bool,
) -> None:
    id = await stopped_upload(transfers, large)
    place = await client.place(URI)
    backend, resume_upload = place.backend, place.backend.resume_upload

    async def resumed(bucket: str, key: str, id: str) -> Any:
        return Overtaken(backend, await resume_upload(bucket, key, id), bucket, method)

    with monkeypatch.context() as patch:
        patch.setattr(backend, "resume_upload", resumed)
        capabilities = replace(backend.capabilities, conditional_put=able)
        patch.setattr(type(backend), "capabilities", capabilities)
        with pytest.raises(Conflict, match="was written since"):
            await transfers.resume(id)
    assert await content(client, "large") == b"somebody else's"
    assert (len(await transfers.unfinished()), await uploads(client)) == (1, 1)
    await transfers.forget(id)


def as_of_an_earlier_release(journal: Path) -> None:
    """The same notes without what is said of the target."""
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    said = json.loads(first[9:])
    for name in ("before", "follows"):
        said.pop(name, None)
    text = json.dumps(said).encode()
    journal.write_bytes(b"%08x %s\n" % (crc32c(text), text) + b"".join(rest))


async def test_notes_of_an_earlier_release_go_on_unchecked(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    as_of_an_earlier_release(local.parent / "journal" / f"{id}.journal")
    (local / "down").write_bytes(b"own work")
    await client.buckets.put_blob("box", "large", b"newer")
    await transfers.resume(id)
    assert digest_of(local / "down") == digest_of(large)
    id = await stopped_upload(transfers, large)
    as_of_an_earlier_release(local.parent / "journal" / f"{id}.journal")
    await client.buckets.put_blob("box", "large", b"newest")
    await transfers.resume(id)
    assert (await client.buckets.head_blob("box", "large")).size == SIZE


async def test_a_download_noted_before_notes_named_their_algorithm_begins_again(
    transfers: Transfers, large: Path, local: Path
) -> None:
    id = await stopped_download(transfers, large, local / "down")
    journal = local.parent / "journal" / f"{id}.journal"
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    said = json.loads(first[9:])
    said["note"] |= {"crc32c": said["note"].pop("checksum")}
    del said["note"]["algorithm"]
    text = json.dumps(said).encode()
    journal.write_bytes(b"%08x %s\n" % (crc32c(text), text) + b"".join(rest))
    assert await transfers.unfinished() == []
    progress = Recorder()
    await transfers.buckets.download_file(URI, local / "down", progress=progress)
    assert progress.of("step")[0].current == 0
    assert digest_of(local / "down") == digest_of(large)
    assert sorted(os.listdir(local)) == ["down", "large"]
    assert os.listdir(journal.parent) == []


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
