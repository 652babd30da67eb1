from __future__ import annotations

import mimetypes

import pytest

from holdall.core.content_types import _table, guess_content_type

OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.txt", "text/plain"),
        ("dir.zip/a.JSON", "application/json"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.webp", "image/webp"),
        ("a.js", "text/javascript"),
        ("a.yaml", "application/yaml"),
        ("data:x,y.png", "image/png"),
        ("http://host/a.png?b#c.css", "text/css"),
        ("a.tar.gz", "application/gzip"),
        ("a.tgz", "application/gzip"),
        ("a.svgz", "application/gzip"),
        ("a.txt.xz", "application/x-xz"),
        ("a.gz", "application/gzip"),
    ],
)
def test_the_extension_decides_first(key: str, kind: str) -> None:
    assert guess_content_type(key, b"%PDF-1.7") == kind


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", OCTETS),
        (b"XXXX\x10\0\0\0WEBPVP8 ", OCTETS),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x20ftypqt  ", OCTETS),
        (b"PAR1", "application/vnd.apache.parquet"),
        (b"SQLite format 3\0", "application/vnd.sqlite3"),
        (b"<?xml version", "application/xml"),
        (b"plain words", OCTETS),
        (b"", OCTETS),
    ],
)
def test_else_the_first_bytes_do(first: bytes, kind: str) -> None:
    for key in ("no-extension", "a.unheard-of", ".txt", "dir.txt/name", "..", "a/"):
        assert guess_content_type(key, first) == kind


def test_the_process_wide_table_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mimetypes, "types_map", {".txt": "x/y"})
    monkeypatch.setattr(mimetypes, "inited", False)
    monkeypatch.setattr(mimetypes, "init", lambda: None)
    _table.cache_clear()
    assert guess_content_type("a.txt", b"") == "text/plain"
