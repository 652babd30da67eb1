"""CopyObject: an object made of another's bytes. They are moved only to another key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from holdall.core.checksums import digester
from holdall.core.values import Copied, CopyOptions, PutOptions, Revision
from holdall.engine.copy import copy
from holdall.engine.open import open_blob
from holdall.engine.put import put
from holdall.engine.reading import EngineReading
from holdall.s3 import checksums as wire
from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.server import (
    conditions,
    copying,
    descriptions,
    encryption,
    owning,
    receiving,
    shown_checksums,
)
from holdall.server.call import Call
from holdall.server.copying import Source
from holdall.server.encryption import Protection
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.marking import marks_of, require_actions
from holdall.server.objects import (
    KEPT,
    attributes_of,
    content_type_of,
    metadata_of,
    tags_of,
    version_header,
)
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

REDIRECT: Final = "x-amz-website-redirect-location"
CHANGING: Final = ("x-amz-storage-class", REDIRECT, *encryption.CHANGING)
"""Headers that make sense of copying an object onto itself."""


class Directives(NamedTuple):
    """Whether metadata and tags are those of the request or those of the source."""

    metadata: bool
    tags: bool


class Wish(NamedTuple):
    """What the copy shall have of its own."""

    directives: Directives
    marks: Mapping[str, str]
    protection: Protection


async def copy_object(call: Call) -> Response:
    wish = Wish(_directives(call), marks_of(call), encryption.wanted(call))
    await require_actions(call, wish.marks)
    await conditions.require_sight(call)

    async def use(source: Source) -> Copied:
        _refuse(call, source, wish.directives)
        if source.revision.tags and not wish.directives.tags:
            await _require_tags(call, source)
        encryption.unseal_of_source(call, source.revision)  # demanded also where nothing is read
        if encryption.is_same(source.revision.attributes, wish.protection.attributes):
            return await _copy(call, source, wish)
        return await _encrypt_anew(call, source, wish)

    source, copied = await copying.settled(call, use)
    return _answer(call, source, copied.revision)


def _directives(call: Call) -> Directives:
    return Directives(
        _replaces(call, "x-amz-metadata-directive", "metadata"),
        _replaces(call, "x-amz-tagging-directive", "tagging"),
    )


def _replaces(call: Call, header: str, what: str) -> bool:
    word = call.header(header) or "COPY"
    if word not in ("COPY", "REPLACE"):
        raise S3Error(
            "InvalidArgument",
            f"Unknown {what} directive.",
            ArgumentName=header,
            ArgumentValue=word,
        )
    return word == "REPLACE"


def _refuse(call: Call, source: Source, directives: Directives) -> None:
    """`InvalidRequest` for what is too large, or would change nothing."""
    if source.revision.size > copying.LARGEST:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {copying.LARGEST}",
        )
    onto_itself = (source.bucket.id, source.revision.key) == (call.bucket.id, call.key)
    changes = directives.metadata or any(name in call.request.headers for name in CHANGING)
    encrypted = "encryption" in call.bucket.settings
    if onto_itself and source.named.version is None and not (changes or encrypted):
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without"
            " changing the object's metadata, storage class, website redirect location or"
            " encryption attributes.",
        )


async def _require_tags(call: Call, source: Source) -> None:
    """`AccessDenied`: nobody gets to know by a copy what tags they may not read."""
    key, version = source.named.key, source.named.version
    action = "s3:GetObjectTagging" if version is None else "s3:GetObjectVersionTagging"
    await call.require(action, key=key, version=version, bucket=source.bucket)


async def _copy(call: Call, source: Source, wish: Wish) -> Copied:
    headers, revision, directives = call.request.headers, source.revision, wish.directives
    options = CopyOptions(
        content_type=content_type_of(headers) if directives.metadata else None,
        metadata=metadata_of(headers) if directives.metadata else None,
        tags=tags_of(call.header("x-amz-tagging")) if directives.tags else None,
        attributes={
            **_attributes(call, source, directives),
            **await _checksum(call, source),
            **_own(call, wish),
        },
        marks=wish.marks,
        precondition=conditions.write_precondition(headers),
    )
    return await copy(
        call.engine,
        source.bucket.id,
        revision.key,
        call.bucket.id,
        call.key,
        revision.version,
        options,
    )


async def _encrypt_anew(call: Call, source: Source, wish: Wish) -> Copied:
    """A copy that another key protects, or none: its bytes are read and stored again."""
    headers, revision, directives = call.request.headers, source.revision, wish.directives
    algorithm = _algorithm(call, revision) or receiving.DEFAULT
    options = PutOptions(
        content_type=content_type_of(headers) if directives.metadata else revision.content_type,
        metadata=metadata_of(headers) if directives.metadata else revision.metadata,
        tags=tags_of(call.header("x-amz-tagging")) if directives.tags else revision.tags,
        checksums={"md5": None, algorithm: None},
        attributes={
            **_attributes(call, source, directives),
            **_whole(algorithm),
            **_own(call, wish),
        },
        marks=wish.marks,
        precondition=conditions.write_precondition(headers),
    )
    seal = wish.protection.seal
    async with await _open(call, source) as reading:
        chunks = (chunk async for chunk in reading)  # its `read` is not that of a file
        made = await put(call.engine, call.bucket.id, call.key, chunks, options, seal)
    return Copied(made, revision)


def _own(call: Call, wish: Wish) -> dict[str, str]:
    return {**owning.attributes(call, wish.marks), **wish.protection.attributes}


async def _open(call: Call, source: Source) -> EngineReading:
    revision = source.revision
    unseal = encryption.unseal_of_source(call, revision)
    return await open_blob(
        call.engine, source.bucket.id, revision.key, revision.version, None, unseal
    )


def _attributes(call: Call, source: Source, directives: Directives) -> dict[str, str]:
    """A redirect and a storage class belong to one object and are never copied with it."""
    asked = attributes_of(call.request.headers)
    if not directives.metadata:
        kept = source.revision.attributes
        own = {name: asked[name] for name in (REDIRECT, "storage-class") if name in asked}
        asked = {name: kept[name] for name in KEPT if name in kept and name != REDIRECT} | own
    return asked


def _algorithm(call: Call, revision: Revision) -> str | None:
    """Which checksum the copy shows: the one that is asked for, else the source's, else what is
    known of all its bytes."""
    name = call.header("x-amz-checksum-algorithm")
    if name is not None:
        return wire.asked_algorithm(name)
    own = shown_checksums.shown(revision)
    if own is not None and own.type == "FULL_OBJECT":
        return own.algorithm
    known = [name for name in wire.LENGTHS if name in revision.checksums]
    return known[0] if known else None


async def _checksum(call: Call, source: Source) -> dict[str, str]:
    """That checksum. The bytes are read only for one that is asked for and not known."""
    algorithm = _algorithm(call, source.revision)
    if algorithm is None:
        return {}
    return _whole(algorithm) | await _value(call, source, algorithm)


def _whole(algorithm: str) -> dict[str, str]:
    return {"checksum": algorithm, "checksum-type": "FULL_OBJECT"}


def _given(revision: Revision) -> dict[str, str]:
    value = revision.attributes.get("checksum-value")
    return {} if value is None else {"checksum-value": value}


async def _value(call: Call, source: Source, algorithm: str) -> dict[str, str]:
    revision = source.revision
    if algorithm in revision.checksums:
        return {}
    if revision.attributes.get("checksum") == algorithm and _given(revision):
        return _given(revision)
    running = digester(algorithm)
    async with await _open(call, source) as reading:
        async for chunk in reading:
            await asyncio.to_thread(running.update, chunk)
    return {"checksum-value": wire.encode(running.digest())}


def _answer(call: Call, source: Source, revision: Revision) -> Response:
    return xml_response(
        "CopyObjectResult",
        [
            ("LastModified", to_iso(revision.created_at)),
            ("ETag", f'"{revision.etag}"'),
            *shown_checksums.nodes(revision),
        ],
        headers=[
            *source.headers,
            *version_header(revision, call.bucket.versioning),
            *descriptions.headers(call, revision),
            *encryption.headers(revision.attributes),
            *lifecycle_headers.of_object(call.bucket, revision, call.state.now),
        ],
    )


ROUTE = Route(
    name="CopyObject",
    method="PUT",
    level="object",
    copies=True,
    action="s3:PutObject",
    acl="WRITE",
    writes=True,
    handle=copy_object,
)
