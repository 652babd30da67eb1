"""DeleteObjects: up to a thousand keys or versions, each with an outcome of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from holdall.core.errors import BlobNotFound, HoldallError, RevisionNotFound
from holdall.core.values import ALWAYS, Deletion, Precondition, Removal
from holdall.engine.delete import delete_each
from holdall.s3 import xml
from holdall.s3.checksums import announced
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.s3.times import from_http, from_iso
from holdall.s3.xml import Element, Node
from holdall.server import conditions, documents, locks
from holdall.server.call import Call
from holdall.server.failures import translate
from holdall.server.objects import version_of
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

MOST: Final = 1000
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a body of so many keys of 1 KiB, each of their characters escaped."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One object of the request."""

    key: str
    version: str | None
    condition: Precondition

    @property
    def removal(self) -> Removal:
        return Removal(self.key, self.version, self.condition)


async def delete_objects(call: Call) -> Response:
    _require_checksum(call)
    body = await documents.read(call, LARGEST)
    tree = await asyncio.to_thread(xml.parse, body, "Delete")
    wishes = _wishes(tree)
    quiet = (tree.get("Quiet") or "").strip().lower() == "true"
    done = await _delete(call, wishes)
    outcomes = [
        _failed(wish, S3Error("AccessDenied")) if deletion is None else _outcome(wish, deletion)
        for wish, deletion in zip(wishes, done, strict=True)
    ]
    shown = [node for node in outcomes if not (quiet and node[0] == "Deleted")]
    return xml_response("DeleteResult", shown)


def _require_checksum(call: Call) -> None:
    """S3 takes no list without a checksum of it (S3 DeleteObjects, Content-MD5)."""
    headers = call.request.headers
    if "content-md5" not in headers and announced(headers) is None:
        raise S3Error(
            "InvalidRequest",
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        )


async def _delete(call: Call, wishes: list[Wish]) -> list[Deletion | None]:
    """The outcome of each, None where the caller may not. What overrides a lock goes apart."""
    done: list[Deletion | None] = [None] * len(wishes)
    allowed = [index for index, wish in enumerate(wishes) if await _may(call, wish)]
    bypassing = {index for index in allowed if await locks.may_bypass(call, wishes[index].key)}
    for bypass in (False, True):
        some = [index for index in allowed if (index in bypassing) is bypass]
        removals = [wishes[index].removal for index in some]
        if not some:
            continue  # not even an empty transaction: it would cost a stranger nothing
        deletions = await delete_each(call.engine, call.bucket.id, removals, bypass=bypass)
        for index, deletion in zip(some, deletions, strict=True):
            done[index] = deletion
    return done


def _wishes(tree: Element) -> list[Wish]:
    """`MalformedXML` unless there are 1 to 1,000 of them."""
    wishes = [_wish(element) for element in tree.all("Object")]
    if not 0 < len(wishes) <= MOST:
        raise S3Error("MalformedXML")
    return wishes


def _wish(element: Element) -> Wish:
    return Wish(element.need("Key"), element.get("VersionId") or None, _condition(element))


def _condition(element: Element) -> Precondition:
    """What the object must still be: its entity tag, its size, its time."""
    etag, size = element.get("ETag"), element.get("Size")
    time = element.get("LastModifiedTime")
    if not (etag or size or time):
        return ALWAYS
    if size and natural(size) is None:
        raise S3Error("MalformedXML")
    changed = (from_iso(time) or from_http(time)) if time else None
    if time and changed is None:
        raise S3Error("MalformedXML")
    return Precondition(
        if_match=etag.strip().strip('"') if etag else None,
        if_match_size=natural(size),
        if_match_time=changed,
    )


async def _may(call: Call, wish: Wish) -> bool:
    """What a policy asks of If-Match, it asks of each ETag ("Enforce conditional deletes")."""
    action = "s3:DeleteObject" if wish.version is None else "s3:DeleteObjectVersion"
    match = wish.condition.if_match
    return await call.may(
        action,
        key=wish.key,
        acl="WRITE",
        version=wish.version,
        writes=True,
        more={} if match is None else {"s3:if-match": match},
    ) and await conditions.may_compare(call, wish.key, match)


def _outcome(wish: Wish, deletion: Deletion) -> Node:
    """What is not there is deleted all the same."""
    error = deletion.error
    if isinstance(error, HoldallError) and not isinstance(error, BlobNotFound | RevisionNotFound):
        return _failed(wish, translate(error))
    marker = deletion.marker or deletion.removed
    is_marker = marker is not None and marker.is_marker
    return (
        "Deleted",
        [
            ("Key", wish.key),
            ("VersionId", wish.version),
            ("DeleteMarker", True if is_marker else None),
            ("DeleteMarkerVersionId", version_of(marker) if marker and is_marker else None),
        ],
    )


def _failed(wish: Wish, error: S3Error) -> Node:
    return (
        "Error",
        [
            ("Key", wish.key),
            ("VersionId", wish.version),
            ("Code", error.code),
            ("Message", error.message),
        ],
    )


ROUTE = Route(
    name="DeleteObjects",
    method="POST",
    level="bucket",
    query=frozenset({"delete"}),
    writes=True,
    handle=delete_objects,
)
