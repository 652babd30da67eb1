"""sync: what it leaves alone, what it protects, and what it says of what it cannot do."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdall import Client, InvalidArgument, NotFound, TransferFailed, connect
from holdall.client.filtering import Filters
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder, content, keys, put_all

from .trees import lay_out, read_bucket, read_disk


async def synced(transfers: Transfers, src: object, dst: object, **options: Any) -> list[Step]:
    steps: list[Step] = []
    await transfers.sync(str(src), str(dst), told=steps.append, **options)
    return steps


async def refused(
    transfers: Transfers, src: object, dst: object, **options: Any
) -> tuple[list[Step], TransferFailed]:
    steps: list[Step] = []
    with pytest.raises(TransferFailed) as raised:
        await transfers.sync(str(src), str(dst), told=steps.append, **options)
    return steps, raised.value


def verbs(steps: list[Step]) -> dict[str, Verb]:
    return {step.relative: step.verb for step in steps}


async def test_up_and_down_again(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    tree = {"a": b"1", "d/b": b"22", "d/hollow/": None, "ü": b""}
    lay_out(local, tree, old=True)
    await synced(transfers, local, "blob:box/t")
    await synced(transfers, "blob:box/t", tmp_path / "back")
    assert read_disk(tmp_path / "back") == tree
    assert {step.verb for step in await synced(transfers, local, "blob:box/t")} == {Verb.SKIP}


async def test_what_only_the_target_has_stays_unless_deleted(
    client: Client, transfers: Transfers, local: Path
) -> None:
    await put_all(client, "t/mine", "t/yours", "other")
    lay_out(local, {"mine": b"t/mine"}, old=True)
    await synced(transfers, local, "blob:box/t")
    assert await keys(client) == ["other", "t/mine", "t/yours"]
    await synced(transfers, local, "blob:box/t", delete=True)
    assert await keys(client) == ["other", "t/mine"]


async def test_folders_that_deletions_empty_go_too(
    client: Client, transfers: Transfers, local: Path
) -> None:
    await put_all(client, "a")
    lay_out(local, {"a": b"a", "d/e/x": b"", "kept/y": b""}, old=False)
    await client.buckets.put_blob("box", "kept/", b"")
    await synced(transfers, "blob:box", local, delete=True)
    assert read_disk(local) == {"a": b"a", "kept/": None}


async def test_a_file_takes_the_place_of_a_folder_only_by_deletion(
    client: Client, transfers: Transfers, local: Path
) -> None:
    await put_all(client, "a", "b")
    lay_out(local, {"a/x": b"", "a/y/z": b""}, old=True)
    steps, error = await refused(transfers, "blob:box", local)
    assert verbs(steps) == {"a": Verb.REFUSE, "b": Verb.FETCH}
    assert "a directory is there" in str(error)
    await synced(transfers, "blob:box", local, delete=True)
    assert read_disk(local) == {"a": b"a", "b": b"b"}


async def test_keys_that_are_no_paths_are_refused_by_name(
    client: Client, transfers: Transfers, local: Path
) -> None:
    await put_all(client, "t/../out", "t//x", "t/good", "t/good/below", "t/slash/")
    steps, error = await refused(transfers, "blob:box/t", local / "in")
    assert [step.relative for step in steps if step.verb is Verb.REFUSE] == [
        "../out",
        "/x",
        "good/below",
        "slash/",
    ]
    assert len(error.failed) == 4
    assert read_disk(local) == {"in/good": b"t/good"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_what_cannot_be_read_is_said_and_protects_the_target(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {"open/x": b"1", "shut/y": b"1"}, old=True)
    await put_all(client, "shut/y", "shut/z", "gone")
    os.chmod(local / "shut", 0)
    try:
        steps, _ = await refused(transfers, local, "blob:box", delete=True)
    finally:
        os.chmod(local / "shut", 0o700)
    assert verbs(steps)["shut/"] is Verb.REFUSE
    assert await keys(client) == ["open/x", "shut/y", "shut/z"]


async def test_a_tree_of_oddities(
    client: Client, transfers: Transfers, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(local, {"good": b"1", "d/x": b"2"}, old=True)
    os.symlink(local, local / "d" / "loop")
    os.symlink("nowhere", local / "dangling")
    os.mkfifo(local / "pipe")
    os.mknod(os.fsencode(local) + b"/\xff")
    await put_all(client, "d/loop/kept", "dangling/kept", "pipe", "extra")
    monkeypatch.chdir(local)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        steps, error = await refused(transfers, local, "blob:box", delete=True)
    odd = {step.relative: step.reason for step in steps if step.verb is Verb.REFUSE}
    assert odd == {
        "d/loop/": "leads back to a directory it is in",
        "dangling": "No such file or directory",
        "pipe": "not a regular file",
        "socket": "not a regular file",
        "\udcff": "its name is not UTF-8",
    }
    assert len(error.failed) == 5
    # Nothing goes that the source may have and could not show.
    assert await keys(client) == ["d/loop/kept", "d/x", "dangling/kept", "good", "pipe"]


async def test_a_source_that_is_not_there_deletes_nothing(
    client: Client, transfers: Transfers, local: Path
) -> None:
    await put_all(client, "a")
    with pytest.raises(NotFound):
        await synced(transfers, local / "typo", "blob:box", delete=True)
    with pytest.raises(NotFound):
        await synced(transfers, "blob:box/typo", local, delete=True)
    assert await keys(client) == ["a"]


async def test_links_at_the_target_are_never_followed(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    lay_out(outside, {"precious": b"1", "dir/x": b"1"}, old=True)
    await put_all(client, "link", "d/new")
    os.symlink(outside / "precious", local / "link")
    os.symlink(outside / "dir", local / "d")
    await refused(transfers, "blob:box", local)
    await synced(transfers, "blob:box", local, delete=True)
    assert read_disk(outside) == {"precious": b"1", "dir/x": b"1"}
    assert read_disk(local) == {"link": b"link", "d/new": b"d/new"}
    assert not (local / "link").is_symlink()


async def test_a_link_that_comes_between_is_not_followed(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    lay_out(outside, {"x": b"precious"}, old=True)
    lay_out(local, {"d/x": b""}, old=True)
    await put_all(client, "a")

    def swap(step: Step) -> None:
        if step.verb is Verb.DELETE:
            os.rename(local / "d", tmp_path / "away")
            os.symlink(outside, local / "d")

    with pytest.raises(TransferFailed, match="is not below"):
        await transfers.sync("blob:box", str(local), delete=True, told=swap)
    assert read_disk(outside) == {"x": b"precious"}


async def test_contents_are_compared_when_asked_for(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {"same": b"same", "other": b"OTHER"}, old=True)
    await put_all(client, "same", "other")
    assert {s.verb for s in await synced(transfers, local, "blob:box")} == {Verb.SKIP}
    steps = await synced(transfers, local, "blob:box", checksum=True)
    assert verbs(steps) == {"same": Verb.SKIP, "other": Verb.SEND}
    assert await content(client, "other") == b"OTHER"


async def test_update_keeps_a_newer_target_of_any_size(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {"a": b"longer than it"}, old=True)
    await put_all(client, "a")
    assert verbs(await synced(transfers, local, "blob:box", update=True)) == {"a": Verb.SKIP}
    assert verbs(await synced(transfers, local, "blob:box")) == {"a": Verb.SEND}


async def test_filters_keep_files_from_going_and_from_being_deleted(
    client: Client, transfers: Transfers, local: Path
) -> None:
    tree = {
        "a.o": b"",
        "a.c": b"",
        "sub/.ignore": b"*.log\n!keep.log\n",
        "sub/x.log": b"",
        "sub/keep.log": b"",
        "build/deep/y": b"",
    }
    lay_out(local, tree, old=True)
    await put_all(client, "old.o", "sub/old.log", "build/z", "gone")
    filters = Filters(["*.o", "build/"], ignore_files={".ignore"})
    steps = await synced(transfers, local, "blob:box", delete=True, filters=filters)
    assert verbs(steps)["build"] is Verb.SKIP
    assert await keys(client) == [
        "a.c",
        "build/z",
        "old.o",
        "sub/.ignore",
        "sub/keep.log",
        "sub/old.log",
    ]


async def test_an_include_has_the_last_word(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {".ignore": b"*.log\n", "a.log": b"", "b.log": b"", "c.o": b""}, old=True)
    filters = Filters(["*.o", ".ignore"], ["a.log"], ignore_files={".ignore"})
    await synced(transfers, local, "blob:box", filters=filters)
    assert await keys(client) == ["a.log"]


async def test_a_bucket_as_it_stood(client: Client, transfers: Transfers, local: Path) -> None:
    await put_all(client, "a", "b")
    then = datetime.now(UTC)
    await client.buckets.put_blob("box", "a", b"newer")
    await client.buckets.delete_blob("box", "b")
    await synced(transfers, "blob:box", local, at=then)
    assert read_disk(local) == {"a": b"a", "b": b"b"}
    with pytest.raises(InvalidArgument):
        await synced(transfers, local, "blob:box/x", at=then)


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(tmp_path / "other", owner="bob") as client:
        await client.buckets.create("far")
        yield client


async def test_onto_another_store(client: Client, transfers: Transfers, other: Client) -> None:
    await client.buckets.put_blob(
        "box", "k", b"{}", content_type="application/json", metadata={"a": "ü"}, tags={"t": "1"}
    )
    await client.buckets.put_blob("box", "empty/", b"")
    await other.buckets.put_blob("far", "extra", b"")
    await synced(transfers, "blob:box", "blob:far", onto=other, delete=True)
    assert await read_bucket(other, "far") == {"k": b"{}", "empty/": None}
    found = await other.buckets.head_blob("far", "k")
    assert found.content_type == "application/json"
    assert (found.metadata, found.tags) == ({"a": "ü"}, {"t": "1"})


@pytest.mark.parametrize(
    ("src", "dst"), [("blob:box", "blob:box/x"), ("blob:box/x", "blob:box"), ("a", "b")]
)
async def test_places_that_cannot_be_synced(
    client: Client, transfers: Transfers, src: str, dst: str
) -> None:
    await put_all(client, "x/a")
    with pytest.raises(InvalidArgument):
        await synced(transfers, src, dst)


async def test_a_file_that_changes_while_it_is_sent_is_not_stored(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {"a": b"x" * 3_000_000, "b": b"2"}, old=True)

    class Changing(Recorder):
        def step(self, data: Any) -> None:
            if data.src.path.endswith("/a"):
                with open(local / "a", "ab") as file:
                    file.write(b"!")

    steps, error = await refused(transfers, local, "blob:box", progress=Changing())
    assert "changed while it was read" in str(error)
    assert await keys(client) == ["b"]
    assert verbs(steps) == {"a": Verb.SEND, "b": Verb.SEND}


async def test_a_file_that_vanishes_is_said(
    client: Client, transfers: Transfers, local: Path
) -> None:
    lay_out(local, {"a": b"1", "b": b"2"}, old=True)

    def vanish(step: Step) -> None:
        if step.relative == "a":
            os.unlink(local / "a")

    with pytest.raises(TransferFailed, match="No such file"):
        await transfers.sync(str(local), "blob:box", told=vanish)
    assert await keys(client) == ["b"]


async def test_many_deletions(client: Client, transfers: Transfers, local: Path) -> None:
    await put_all(client, *(f"{number:04}" for number in range(1201)))
    lay_out(local, {"0600": b"0600"}, old=True)
    await synced(transfers, local, "blob:box", delete=True)
    assert await keys(client) == ["0600"]


FULL = """
import asyncio, os, sys
from pathlib import Path
from holdall import StorageFull, TransferFailed, connect
from holdall.transfer.transfers import Transfers

async def main(store, target, journal):
    async with connect(store, owner="ann") as client:
        transfers = Transfers(client, Path(journal))
        for uri, name in (("blob:box/large", "large"), ("blob:box/middle", "middle")):
            try:
                await transfers.buckets.download_file(uri, Path(target, name))
            except StorageFull as error:
                sys.stdout.write(f"{error}\\n")
        assert Path(target, "middle").read_bytes() == b"before"
        assert Path(target, "large").read_bytes() == b"before"
        left = sorted(os.listdir(target))
        sys.stdout.write(f"{len(left)} {len(await transfers.unfinished())}\\n")

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run(["unshare", "-Urm", "true"]).returncode != 0,
    reason="mounting a small file system needs user namespaces",
)
async def test_a_disk_that_fills_keeps_the_previous_file(
    client: Client, local: Path, tmp_path: Path
) -> None:
    await client.buckets.put_blob("box", "large", b"x" * 20_000_000)
    await client.buckets.put_blob("box", "middle", b"x" * 10_000_000)
    target = local / "small"
    target.mkdir()
    script = tmp_path / "full.py"
    script.write_text(FULL)
    paths = [str(path) for path in (tmp_path / "store", target, tmp_path / "journal")]
    shell = (
        f"mount -t tmpfs -o size=6m none {target} && printf before > {target}/large"
        f" && printf before > {target}/middle && exec {sys.executable} {script} {' '.join(paths)}"
    )
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(
        "unshare", "-Urm", "sh", "-c", shell, stdout=pipe, stderr=pipe
    )
    out, err = await running.communicate()
    assert running.returncode == 0, err
    large, middle, left = out.decode().splitlines()
    assert large.startswith(f"no room for {target}/large")
    assert middle.startswith(f"no room for {target}/middle")
    assert left == "3 1"  # the large one can go on when there is room
