"""The XML bodies that S3 answers with, read into values; and those that it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus

from holdall.s3.client.values import (
    EPOCH,
    Listed,
    ListedBucket,
    Listing,
    PartPage,
    SentPart,
    Unfinished,
    UploadPage,
    quoted,
    unquoted,
)
from holdall.s3.errors import S3Error
from holdall.s3.times import from_iso
from holdall.s3.xml import Element, Node, parse, render

_ROOT: Final = re.compile(rb"<(?:\w+:)?(\w+)")
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML 1.0 document can hold, not even as references."""


def answer_tree(body: bytes) -> Element:
    """The tree of an answer. `MalformedXML`, also for an error in the answer's place.

    Servers name keys with characters that XML cannot hold. Listings come url-encoded; in
    the others the key is one that we know, so there it may be spoilt.
    """
    found = _ROOT.search(body)
    root = found[1].decode() if found else ""
    if root == "Error":
        raise S3Error("MalformedXML")
    try:
        return parse(body, root)
    except S3Error:
        return parse(_spoilt(body), root)


def _spoilt(body: bytes) -> bytes:
    return _FORBIDDEN.sub(b"?", _REFERENCE.sub(_legal, body))


def _legal(reference: re.Match[bytes]) -> bytes:
    hexadecimal, decimal = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    fine = code < 0x110000 and not 0xD800 <= code < 0xE000 and not UNWRITABLE.match(chr(code))
    return reference[0] if fine else b"?"


def listing(tree: Element) -> Listing:
    """S3 ListObjectsV2."""
    decode = _decoder(tree)
    more = tree.get("IsTruncated") == "true"
    return Listing(
        tuple(_listed(each, decode) for each in tree.all("Contents")),
        _prefixes(tree, decode),
        token=tree.need("NextContinuationToken") if more else None,
    )


def versions(tree: Element) -> Listing:
    """S3 ListObjectVersions: versions and markers in the order they come."""
    decode = _decoder(tree)
    kinds = ("Version", "DeleteMarker")
    entries = tuple(_listed(each, decode) for each in tree.children if each.name in kinds)
    prefixes = _prefixes(tree, decode)
    if tree.get("IsTruncated") != "true":
        return Listing(entries, prefixes)
    marker = (decode(tree.need("NextKeyMarker")), tree.get("NextVersionIdMarker") or "")
    return Listing(entries, prefixes, marker=marker)


def _listed(found: Element, decode: Callable[[str], str]) -> Listed:
    return Listed(
        key=decode(found.need("Key")),
        size=_number(found.get("Size")),
        etag=unquoted(found.get("ETag") or ""),
        modified=_time(found.get("LastModified")),
        version=found.get("VersionId"),
        is_latest=found.get("IsLatest") != "false",
        is_marker=found.name == "DeleteMarker",
    )


def _prefixes(tree: Element, decode: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(decode(each.need("Prefix")) for each in tree.all("CommonPrefixes"))


def _decoder(tree: Element) -> Callable[[str], str]:
    """Not every server encodes because it is asked to; one that does says so."""
    return unquote_plus if tree.get("EncodingType") == "url" else str


def versioning(tree: Element) -> str | None:
    """S3 GetBucketVersioning; None where it never was turned on."""
    return tree.get("Status") or None


def tags(tree: Element) -> dict[str, str]:
    """S3 GetObjectTagging."""
    held = tree.find("TagSet")
    pairs = held.all("Tag") if held else ()
    return {each.get("Key") or "": each.get("Value") or "" for each in pairs}


def etag(tree: Element) -> str:
    """S3 CopyObject, UploadPartCopy and CompleteMultipartUpload."""
    return unquoted(tree.need("ETag"))


def upload_id(tree: Element) -> str:
    """S3 CreateMultipartUpload."""
    return tree.need("UploadId")


def buckets(tree: Element) -> tuple[list[ListedBucket], str | None]:
    """S3 ListBuckets; and the token that continues it."""
    held = tree.find("Buckets")
    found = held.all("Bucket") if held else ()
    named = [ListedBucket(each.need("Name"), _time(each.get("CreationDate"))) for each in found]
    return named, tree.get("ContinuationToken") or None


def part_page(tree: Element) -> PartPage:
    """S3 ListParts."""
    found = tuple(
        SentPart(
            _number(each.need("PartNumber")),
            unquoted(each.need("ETag")),
            _number(each.get("Size")),
            _time(each.get("LastModified")),
        )
        for each in tree.all("Part")
    )
    more = tree.get("IsTruncated") == "true"
    return PartPage(found, _number(tree.need("NextPartNumberMarker")) if more else None)


def upload_page(tree: Element) -> UploadPage:
    """S3 ListMultipartUploads."""
    decode = _decoder(tree)
    found = tuple(
        Unfinished(decode(each.need("Key")), each.need("UploadId"), _time(each.get("Initiated")))
        for each in tree.all("Upload")
    )
    if tree.get("IsTruncated") != "true":
        return UploadPage(found, None)
    return UploadPage(found, (decode(tree.need("NextKeyMarker")), tree.need("NextUploadIdMarker")))


Named = tuple[str, str | None]
Done = dict[Named, tuple[bool, str | None]]
Left = dict[Named, tuple[str, str]]


def deletions(tree: Element) -> tuple[Done, Left]:
    """S3 DeleteObjects: by key and version whether a marker was made, or went, and which; and
    code and message of those that stayed."""
    done = {
        (each.need("Key"), each.get("VersionId") or None): (
            each.get("DeleteMarker") == "true",
            each.get("DeleteMarkerVersionId") or None,
        )
        for each in tree.all("Deleted")
    }
    left = {
        (each.need("Key"), each.get("VersionId") or None): (
            each.get("Code") or "InternalError",
            each.get("Message") or "",
        )
        for each in tree.all("Error")
    }
    return done, left


def deletion(named: Iterable[tuple[str, str | None]], *, quiet: bool = True) -> bytes:
    """The body of S3 DeleteObjects."""
    objects: list[Node] = [
        ("Object", [("Key", key), ("VersionId", version)]) for key, version in named
    ]
    return render("Delete", [*objects, ("Quiet", quiet)])


def completion(parts: Sequence[SentPart]) -> bytes:
    """The body of S3 CompleteMultipartUpload."""
    nodes: list[Node] = [
        ("Part", [("PartNumber", part.number), ("ETag", quoted(part.etag))]) for part in parts
    ]
    return render("CompleteMultipartUpload", nodes)


def _number(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise S3Error("MalformedXML") from error


def _time(text: str | None) -> datetime:
    return from_iso(text or "") or EPOCH
