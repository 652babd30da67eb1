"""The journal survives what a crash leaves of it, and belongs to one transfer at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holdall import Conflict, NotFound
from holdall.client.part_download import DownloadNote
from holdall.client.part_upload import UploadNote
from holdall.client.stamps import Stamp
from holdall.transfer.entries import DownloadEntry, Entry, UploadEntry
from holdall.transfer.journal import Journal

DOWNLOAD = DownloadEntry(
    "blob://local/ann/box/k",
    "/f/\udcff",
    DownloadNote("1.a", "e", 100, "crc64nvme", 2**63, 10, "/f/.holdall-0"),
)
UNKNOWN = replace(DOWNLOAD.note, checksum=None)
UPLOAD = UploadEntry("/f/x", "blob://local/ann/box/ü", UploadNote("u", 10, Stamp(1, 2, 3)))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "deep" / "journal")


def noted(journal: Journal, entry: Entry) -> Path:
    with journal.record(entry.id) as record:
        record.begin(entry)
        record.arrive(1, 11)
        record.arrive(3, 33)
    return next(Path(journal._folder).glob("*.journal"))


@pytest.mark.parametrize("entry", [DOWNLOAD, replace(DOWNLOAD, note=UNKNOWN), UPLOAD])
def test_what_was_noted_is_read(journal: Journal, entry: Entry) -> None:
    noted(journal, entry)
    assert journal.entries() == [entry]
    assert journal.entry(entry.id) == entry
    with journal.record(entry.id) as record:
        assert record.entry == entry
        assert record.arrived == {1: 11, 3: 33}
        record.forget()
    assert journal.entries() == []
    with pytest.raises(NotFound):
        journal.entry(entry.id)


def test_a_file_cut_anywhere_is_read_up_to_its_last_whole_line(journal: Journal) -> None:
    path = noted(journal, UPLOAD)
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with journal.record(UPLOAD.id) as record:
            lines = sum(end <= cut for end in ends)
            assert record.entry == (UPLOAD if lines else None)
            assert len(record.arrived) == max(0, lines - 1)
            if lines:
                record.arrive(9, 99)
        if lines:
            with journal.record(UPLOAD.id) as record:
                assert record.arrived[9] == 99
                assert len(record.arrived) == lines


def test_damage_ends_what_is_believed(journal: Journal) -> None:
    path = noted(journal, UPLOAD)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"11", b"12")
    path.write_bytes(b"".join(lines))
    with journal.record(UPLOAD.id) as record:
        assert record.entry == UPLOAD
        assert record.arrived == {}
        record.arrive(5, 55)  # as long as the line that is damaged
    with journal.record(UPLOAD.id) as record:
        assert record.arrived == {5: 55}


def test_another_format_is_not_believed(journal: Journal) -> None:
    path = noted(journal, UPLOAD)
    from holdall.core.checksums import crc32c

    text = json.dumps({"format": 2}).encode()
    path.write_bytes(b"%08x %s\n" % (crc32c(text), text))
    assert journal.entries() == []


def test_a_record_belongs_to_one(journal: Journal) -> None:
    with journal.record(UPLOAD.id) as record:
        record.begin(UPLOAD)
        with pytest.raises(Conflict), journal.record(UPLOAD.id):
            pass
        with journal.record(DOWNLOAD.id):
            pass
    with journal.record(UPLOAD.id):
        pass


def test_a_record_without_an_entry_leaves_nothing(journal: Journal) -> None:
    with journal.record(UPLOAD.id):
        pass
    assert list(Path(journal._folder).iterdir()) == []


@pytest.mark.parametrize("id", ["", "../x", "a/b"])
def test_what_is_no_id(journal: Journal, id: str) -> None:
    with pytest.raises(NotFound):
        journal.entry(id)


def test_a_journal_that_never_was(journal: Journal) -> None:
    assert journal.entries() == []


def test_only_its_owner_reads_it(journal: Journal) -> None:
    path = noted(journal, UPLOAD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
