"""Directories that are a store, could become one, or must be left alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import (
    FormatError,
    NotADirectory,
    NotSupported,
    ReadOnlyStore,
    StoreError,
    StoreNotFound,
)
from holdall.engine.directory import file_system_of, refuse_network

MOUNTS = r"""
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:30 / /mnt/far\040away rw,relatime shared:9 - nfs4 server:/export rw
31 30 0:31 / /mnt/far\040away/near rw,relatime shared:9 - tmpfs tmpfs rw
""".strip()


async def at(path: Path, *, create: bool = True) -> None:
    backend = await EngineBackend.at(path, owner="me", create=create)
    await backend.aclose()


async def test_a_missing_directory_is_made_if_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound) as caught:
        await at(tmp_path / "a" / "b", create=False)
    assert caught.value.path == str(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
    await at(tmp_path / "a" / "b")
    await at(tmp_path / "a" / "b", create=False)


async def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises((NotADirectory, FormatError, OSError)):
            await at(path)
    assert (tmp_path / "file").read_text() == "mine"


async def test_a_directory_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FormatError) as caught:
        await at(tmp_path)
    assert caught.value.actual == "thesis.txt"
    assert os.listdir(tmp_path) == ["thesis.txt"]


async def test_a_store_without_its_catalog_is_not_begun_anew(tmp_path: Path) -> None:
    backend = await EngineBackend.at(tmp_path, owner="me")
    await backend.create_bucket("box")
    await backend.put("box", "k", bytes(100_000))
    await backend.aclose()
    (tmp_path / "catalog.db").unlink()
    with pytest.raises(FormatError):
        await at(tmp_path)
    assert not (tmp_path / "catalog.db").exists()


async def test_a_store_whose_making_was_cut_short_is_finished(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").touch()
    (tmp_path / "catalog.db").touch()
    (tmp_path / "catalog.db-journal").touch()
    (tmp_path / "payloads").mkdir()
    await at(tmp_path)


async def test_a_newer_format_is_refused_and_not_touched(tmp_path: Path) -> None:
    await at(tmp_path)
    database = apsw.Connection(str(tmp_path / "catalog.db"))
    database.execute("UPDATE store SET format = 99")
    database.close()
    before = (tmp_path / "catalog.db").read_bytes()
    with pytest.raises(FormatError, match="upgrade") as caught:
        await at(tmp_path)
    assert caught.value.actual == 99
    assert (tmp_path / "catalog.db").read_bytes() == before


async def test_a_read_only_file_system(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    await at(tmp_path / "store")
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", str(tmp_path / "store")]
    done = await asyncio.to_thread(subprocess.run, mount, check=False)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(ReadOnlyStore):
            await at(tmp_path / "store")
    finally:
        unmount = ["umount", str(tmp_path / "store")]
        await asyncio.to_thread(subprocess.run, unmount, check=True)
    await at(tmp_path / "store", create=False)


def test_network_file_systems_are_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path("/home"), mounts) == "ext4"
    assert file_system_of(Path("/mnt/far away/near/x"), mounts) == "tmpfs"
    with pytest.raises(NotSupported) as caught:
        refuse_network(Path("/mnt/far away/store"), mounts)
    assert caught.value.actual == "nfs4"
    refuse_network(Path("/mnt/far away/store"), tmp_path / "no such file")


async def test_a_symbolic_link_is_the_store_it_points_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "store")
    await at(link)
    assert (tmp_path / "store" / "catalog.db").exists(), "a dangling one is where it is made"
    assert link.is_symlink()
    one = await EngineBackend.at(link, owner="me")
    two = await EngineBackend.at(tmp_path / "store", owner="me")
    await one.create_bucket("box")
    await one.put("box", "k", bytes(100_000))
    assert (await two.head("box", "k")).size == 100_000
    await one.aclose()
    await two.aclose()


async def test_a_store_that_is_partly_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "storage.json").write_text("{}")
    with pytest.raises(NotSupported, match="elsewhere"):
        await at(tmp_path)
    assert os.listdir(tmp_path) == ["storage.json"]


async def test_a_circle_of_links_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(StoreError):
        await at(tmp_path / "link")


async def test_two_processes_may_make_a_store_at_once(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from holdall.backends.engine import EngineBackend\n"
        "async def main(path, name):\n"
        "    backend = await EngineBackend.at(Path(path), owner='me')\n"
        "    await backend.create_bucket(name)\n"
        "    await backend.aclose()\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    store = tmp_path / "store"
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(store), f"b{n}")
        for n in range(4)
    ]
    assert await asyncio.gather(*(process.wait() for process in running)) == [0] * 4
    backend = await EngineBackend.at(store, owner="me")
    assert [record.name async for record in backend.list_buckets()] == ["b0", "b1", "b2", "b3"]
    assert await backend.check() == []
    await backend.aclose()
