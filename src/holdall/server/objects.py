"""What an object's headers say, in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import decode_header
from typing import Final
from urllib.parse import parse_qsl

from holdall.core.values import Revision, Versioning
from holdall.s3.chunked import stored_encoding
from holdall.s3.errors import S3Error
from holdall.s3.times import to_http
from holdall.server.response import Headers

REDIRECT: Final = "x-amz-website-redirect-location"
KEPT: Final = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    REDIRECT,
)
"""Headers that are stored as they come and sent as they were (S3 PutObject)."""

META: Final = "x-amz-meta-"
META_LIMIT: Final = 2048
CLASSES: Final = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "OUTPOSTS",
        "GLACIER_IR",
        "SNOW",
        "EXPRESS_ONEZONE",
    }
)
MAX_TAGS: Final = 10


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's own metadata. `MetadataTooLarge` beyond 2 KiB of names and values."""
    found = {
        name[len(META) :]: _text(value) for name, value in headers.items() if name.startswith(META)
    }
    if not found:
        return found
    if not all(_TOKEN.fullmatch(name) for name in found):
        raise S3Error("InvalidArgument", "The name of a header is not valid")
    size = sum(len(name) + len(value.encode()) for name, value in found.items())
    if size > META_LIMIT:
        raise S3Error("MetadataTooLarge", Size=str(size), MaxSizeAllowed=str(META_LIMIT))
    return found


_TOKEN = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]*")
"""What the names of headers are made of (RFC 9110, 5.6.2): these will be such again."""


def _text(value: str) -> str:
    """A header's text. `InvalidArgument` for control characters: it would be sent again."""
    if value.isascii() and value.isprintable() and "=?" not in value:
        return value
    text = _decoded(value)
    if _CONTROL.search(text):
        raise S3Error("InvalidArgument", "A header holds control characters")
    return text


_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def _decoded(value: str) -> str:
    """UTF-8 if its bytes are that, and decoded where RFC 2047 was used."""
    try:
        text = value.encode("latin-1").decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        return value
    if "=?" not in text:
        return text
    try:
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii")
            for part, charset in decode_header(text)
        )
    except (UnicodeDecodeError, LookupError, ValueError):
        return text


def attributes_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are kept. `InvalidStorageClass`."""
    found = {name: _text(headers[name]) for name in KEPT if name in headers}
    if "content-encoding" in found:
        encoding = stored_encoding(found.pop("content-encoding"))
        if encoding is not None:
            found["content-encoding"] = encoding
    redirect = found.get(REDIRECT)
    if redirect is not None and not redirect.startswith(("/", "http://", "https://")):
        raise S3Error("InvalidRedirectLocation")
    storage = headers.get("x-amz-storage-class")
    if storage is not None and storage not in CLASSES:
        raise S3Error("InvalidStorageClass", StorageClassRequested=storage)
    if storage not in (None, "STANDARD"):
        found["storage-class"] = str(storage)
    return found


def content_type_of(headers: Mapping[str, str]) -> str:
    """S3 stores what is sent, and a name of its own for nothing."""
    return _text(headers.get("content-type", "")) or "binary/octet-stream"


def tags_of(text: str | None) -> dict[str, str]:
    """The tags of the header `x-amz-tagging`. `InvalidArgument`, `InvalidTag`, `BadRequest`."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise S3Error(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query"
            " parameters without tag name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=text,
        ) from error
    return checked_tags(pairs, MAX_TAGS)


_TAG = re.compile(r"[\w\s+\-=.:/@]*")


def checked_tags(pairs: list[tuple[str, str]], most: int) -> dict[str, str]:
    """Tags by name, within S3's limits of count, length and letters."""
    if len(pairs) > most:
        kind = "Object" if most == MAX_TAGS else "Bucket"
        raise S3Error("BadRequest", f"{kind} tags cannot be greater than {most}")
    if len({name for name, _ in pairs}) < len(pairs):
        raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key")
    for name, value in pairs:
        if not 0 < len(name) <= 128 or not _TAG.fullmatch(name) or name.startswith("aws:"):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", TagKey=name)
        if len(value) > 256 or not _TAG.fullmatch(value):
            raise S3Error("InvalidTag", "The TagValue you have provided is invalid", TagKey=name)
    return dict(pairs)


def version_header(revision: Revision, versioning: Versioning) -> Headers:
    """`x-amz-version-id`: absent where versioning was never on."""
    if versioning is Versioning.OFF:
        return []
    return [("x-amz-version-id", version_of(revision))]


def version_of(revision: Revision) -> str:
    return "null" if revision.is_null else revision.version


def describing(revision: Revision, versioning: Versioning) -> Headers:
    """Every header that tells of an object to all its readers, except of its length, type and
    checksums."""
    headers: Headers = [
        ("last-modified", to_http(revision.created_at)),
        ("etag", f'"{revision.etag}"'),
        ("accept-ranges", "bytes"),
        *version_header(revision, versioning),
    ]
    for name, value in revision.metadata.items():
        headers.append((META + name, _sent(value)))
    attributes = revision.attributes
    for name in KEPT:
        if name in attributes:
            headers.append((name, _sent(attributes[name])))
    if "storage-class" in attributes:
        headers.append(("x-amz-storage-class", attributes["storage-class"]))
    return headers


def _sent(value: str) -> str:
    """A value as the characters of a header: latin-1 that spells its UTF-8 (as S3 takes it)."""
    return value.encode().decode("latin-1")
