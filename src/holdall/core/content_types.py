"""Guesses a blob's content type from its key, else from its first bytes."""

from __future__ import annotations

import functools
import mimetypes
from types import MappingProxyType
from typing import Final

from holdall.core.values import DEFAULT_CONTENT_TYPE

# Types that the tables of some Python versions lack, or give otherwise.
_NEWER: Final = MappingProxyType(
    {
        ".7z": "application/x-7z-compressed",
        ".avif": "image/avif",
        ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".epub": "application/epub+zip",
        ".flac": "audio/flac",
        ".gz": "application/gzip",
        ".heic": "image/heic",
        ".heif": "image/heif",
        ".ico": "image/vnd.microsoft.icon",
        ".js": "text/javascript",
        ".jsonl": "application/jsonl",
        ".m4a": "audio/mp4",
        ".md": "text/markdown",
        ".mjs": "text/javascript",
        ".mkv": "video/matroska",
        ".ogg": "audio/ogg",
        ".ogv": "video/ogg",
        ".otf": "font/otf",
        ".parquet": "application/vnd.apache.parquet",
        ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".rtf": "application/rtf",
        ".sqlite": "application/vnd.sqlite3",
        ".toml": "application/toml",
        ".ttf": "font/ttf",
        ".wasm": "application/wasm",
        ".wav": "audio/wav",
        ".webp": "image/webp",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xml": "application/xml",
        ".yaml": "application/yaml",
        ".yml": "application/yaml",
        ".zst": "application/zstd",
    }
)

# What `x.tar.gz` and the like are: the compressed bytes, not what they unpack to.
_ENCODED: Final = MappingProxyType(
    {
        "gzip": "application/gzip",
        "bzip2": "application/x-bzip2",
        "xz": "application/x-xz",
        "compress": "application/x-compress",
        "br": "application/x-brotli",
    }
)

_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (4, b"ftypisom", "video/mp4"),
    (4, b"ftypmp41", "video/mp4"),
    (4, b"ftypmp42", "video/mp4"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"<?xml ", "application/xml"),
)

_LEADS: Final = (b"RIFF", *(magic for offset, magic, _ in _SIGNATURES if offset == 0))


def guess_content_type(key: str, first: bytes) -> str:
    """By the key's extension, else by `first`, the first 16 bytes or more; else octets.

    The same on every machine: the system's own tables are not consulted. Text is never
    guessed from bytes that merely look like it.
    """
    return _by_extension(key) or _by_signature(first) or DEFAULT_CONTENT_TYPE


def _by_extension(key: str) -> str | None:
    stem, *suffixes = key.rpartition("/")[2].split(".")
    return _of_suffixes(".".join(suffixes[-2:]), bool(stem)) if suffixes else None


@functools.lru_cache(maxsize=1024)
def _of_suffixes(suffixes: str, has_stem: bool) -> str | None:
    # With the slash in front, a name such as `data:x,y.txt` is not read as a URL.
    name = f"/{'stem' if has_stem else ''}.{suffixes}"
    kind, encoding = _table().guess_type(name, strict=False)
    return kind if encoding is None else _ENCODED.get(encoding)


def _by_signature(first: bytes) -> str | None:
    if not (first.startswith(_LEADS) or first.startswith(b"ftyp", 4)):
        return None  # nearly always
    for offset, magic, kind in _SIGNATURES:
        if first.startswith(magic, offset) and (magic != b"WEBP" or first.startswith(b"RIFF")):
            return kind
    return None


@functools.cache
def _table() -> mimetypes.MimeTypes:
    table = mimetypes.MimeTypes(filenames=())
    for extension, kind in _NEWER.items():
        table.add_type(kind, extension)
    return table
