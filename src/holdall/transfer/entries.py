"""What the journal says of one transfer, and its form as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from holdall.client.part_download import DownloadNote
from holdall.client.part_upload import UploadNote
from holdall.client.stamps import Stamp
from holdall.transfer.before import BlobBefore, FileBefore

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class UploadEntry:
    """A local file on its way to a blob. `blob` is its full URI; `before` what it was when the
    transfer was asked for, None where that is not known."""

    path: str
    blob: str
    note: UploadNote
    before: BlobBefore | None = None

    @property
    def id(self) -> str:
        return upload_id(Path(self.path), self.blob)

    @property
    def src(self) -> str:
        return self.path

    @property
    def dst(self) -> str:
        return self.blob

    @property
    def size(self) -> int:
        return self.note.stamp.size


@dataclass(frozen=True, slots=True)
class DownloadEntry:
    """A blob on its way to a local file. `blob` is its full URI; `before` what the file was when
    the transfer was asked for, None where that is not known. `follows` says that the blob's
    current revision was asked for, whichever that is, and not a certain one."""

    blob: str
    path: str
    note: DownloadNote
    before: FileBefore | None = None
    follows: bool = False

    @property
    def id(self) -> str:
        return download_id(self.blob, Path(self.path))

    @property
    def src(self) -> str:
        return self.blob

    @property
    def dst(self) -> str:
        return self.path

    @property
    def size(self) -> int:
        return self.note.size


Entry = UploadEntry | DownloadEntry


def upload_id(path: Path, blob: str) -> str:
    """16 hexadecimal digits, the same for the same two ends."""
    return _id("upload", str(path), blob)


def download_id(blob: str, path: Path) -> str:
    return _id("download", blob, str(path))


def _id(*ends: str) -> str:
    named = "\0".join(ends).encode(errors="surrogateescape")
    return hashlib.sha256(named).hexdigest()[:16]


def packed(entry: Entry) -> dict[str, Any]:
    """The entry as JSON has it."""
    kind = "upload" if isinstance(entry, UploadEntry) else "download"
    return {"format": FORMAT, "kind": kind, **asdict(entry)}


def unpacked(said: Mapping[str, Any]) -> Entry | None:
    """The entry of a document; None for one of another format, or of none at all."""
    try:
        if said["format"] != FORMAT:
            return None
        return _download(said) if said["kind"] == "download" else _upload(said)
    except (KeyError, TypeError):
        return None


# Lines of earlier releases say nothing of the target.


def _download(said: Mapping[str, Any]) -> DownloadEntry:
    note, before = DownloadNote(**said["note"]), None
    if (known := said.get("before")) is not None:
        stamp = known["stamp"]
        before = FileBefore(None if stamp is None else Stamp(**stamp))
    return DownloadEntry(said["blob"], said["path"], note, before, said.get("follows", False))


def _upload(said: Mapping[str, Any]) -> UploadEntry:
    note, known = said["note"], said.get("before")
    before = None if known is None else BlobBefore(**known)
    made = UploadNote(note["upload"], note["part_size"], Stamp(**note["stamp"]))
    return UploadEntry(said["path"], said["blob"], made, before)
