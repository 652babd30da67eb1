"""mirror and verify: exact copies, manifests, and every kind of difference found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from holdall import Client, FormatError, TransferFailed, connect
from holdall.transfer.transfers import Transfers
from holdall.transfer.verifying import Fault, Finding, Verified
from tests.client.helpers import put_all

from .trees import lay_out, read_bucket, read_disk


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(tmp_path / "other", owner="bob") as client:
        await client.buckets.create("far")
        yield client


async def findings(
    transfers: Transfers, src: object, dst: object, **options: Any
) -> tuple[Verified, list[Finding]]:
    found: list[Finding] = []
    verified = await transfers.verify(str(src), str(dst), told=found.append, **options)
    return verified, sorted(found, key=lambda each: each.relative)


async def test_a_mirror_is_exact_and_has_a_manifest(
    client: Client, transfers: Transfers, other: Client, tmp_path: Path
) -> None:
    await put_all(client, "a", "b/c", "ü")
    await other.buckets.put_blob("far", "a", b"A")  # as long, and newer
    await other.buckets.put_blob("far", "extra", b"")
    manifest = tmp_path / "manifest"
    await transfers.mirror("blob:box", "blob:far", onto=other, manifest=manifest)
    assert await read_bucket(other, "far") == await read_bucket(client, "box")
    assert (await findings(transfers, "blob:box", manifest))[0] == Verified(3, 0)
    there = Transfers(other, tmp_path / "journal-2")
    assert (await findings(there, "blob:far", manifest))[0] == Verified(3, 0)


async def test_a_mirror_on_disk(client: Client, transfers: Transfers, local: Path) -> None:
    await put_all(client, "a", "b/c")
    lay_out(local, {"a": b"A", "extra/x": b""}, old=False)
    await transfers.mirror("blob:box", local)
    assert read_disk(local) == {"a": b"a", "b/c": b"b/c"}


async def test_a_dry_run_of_a_mirror_writes_nothing(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    await put_all(client, "a")
    await transfers.mirror("blob:box", local, manifest=tmp_path / "m", dry_run=True)
    assert read_disk(local) == {}
    assert not (tmp_path / "m").exists()


async def test_a_mirror_that_failed_writes_no_manifest(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    await put_all(client, "a", "../b")
    with pytest.raises(TransferFailed):
        await transfers.mirror("blob:box", local, manifest=tmp_path / "m")
    assert not (tmp_path / "m").exists()


async def test_every_difference_is_found(client: Client, transfers: Transfers, local: Path) -> None:
    await put_all(client, "same", "size", "bytes", "missing")
    lay_out(local, {"same": b"same", "size": b"", "bytes": b"BYTES", "extra": b""}, old=False)
    verified, found = await findings(transfers, "blob:box", local)
    assert verified == Verified(1, 4)
    assert [(each.relative, each.fault) for each in found] == [
        ("bytes", Fault.DIFFERS),
        ("extra", Fault.EXTRA),
        ("missing", Fault.MISSING),
        ("size", Fault.DIFFERS),
    ]


async def test_a_manifest_finds_what_changed_since(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    await put_all(client, "a", "b")
    await transfers.mirror("blob:box", local, manifest=tmp_path / "m")
    (local / "a").write_bytes(b"!")
    verified, found = await findings(transfers, local, tmp_path / "m")
    assert [(each.relative, each.fault) for each in found] == [("a", Fault.DIFFERS)]
    assert verified == Verified(1, 1)


@pytest.mark.parametrize("damage", ["", "{}\n", "x", '{"manifest": 1}\n', "[]\n"])
async def test_what_is_no_manifest(
    client: Client, transfers: Transfers, tmp_path: Path, damage: str
) -> None:
    (tmp_path / "m").write_text(damage)
    with pytest.raises(FormatError):
        await findings(transfers, "blob:box", tmp_path / "m")


async def test_a_manifest_that_was_cut(
    client: Client, transfers: Transfers, local: Path, tmp_path: Path
) -> None:
    await put_all(client, "a", "b")
    await transfers.mirror("blob:box", local, manifest=tmp_path / "m")
    whole = (tmp_path / "m").read_text()
    for cut in (len(whole) - 2, whole.rindex("{"), whole.index("\n") + 3):
        (tmp_path / "m").write_text(whole[:cut])
        with pytest.raises(FormatError):
            await findings(transfers, "blob:box", tmp_path / "m")


async def test_scrubbing_reads_what_a_store_keeps(tmp_path: Path, local: Path) -> None:
    async with connect(tmp_path / "damaged", owner="ann") as client:
        await client.buckets.create("box")
        await client.buckets.put_blob("box", "large", b"x" * 3_000_000)
        transfers = Transfers(client, tmp_path / "journal")
        await transfers.mirror("blob:box", local)
        payloads = [p for p in (tmp_path / "damaged" / "payloads").rglob("*") if p.is_file()]
        [payload] = [p for p in payloads if p.stat().st_size >= 3_000_000]
        payload.chmod(0o600)
        with payload.open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"!")
        assert (await findings(transfers, "blob:box", local))[0] == Verified(1, 0)
        _, [found] = await findings(transfers, "blob:box", local, scrub=True)
        assert (found.relative, found.fault) == ("large", Fault.UNREADABLE)
