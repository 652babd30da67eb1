"""GetObjectAttributes: what is known of an object, without its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from holdall.core.values import CompletedPart, Revision
from holdall.engine.made_of import completed_parts_of
from holdall.s3 import checksums as wire
from holdall.s3.errors import S3Error
from holdall.s3.times import to_http
from holdall.s3.xml import Node
from holdall.server import encryption, listing, parts, shown_checksums
from holdall.server.call import Call
from holdall.server.finding import found
from holdall.server.objects import version_header
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

HEADER: Final = "x-amz-object-attributes"
KNOWN: Final = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")
"""In the order of the answer."""


async def get_object_attributes(call: Call) -> Response:
    wanted = _wanted(call.request.headers)
    action = "s3:GetObject" if call.version is None else "s3:GetObjectVersion"
    await call.require(action, key=call.key, acl="READ", version=call.version)
    revision = await found(call)
    encryption.check_read(call, revision)
    shown = {
        "ETag": revision.etag,
        "Checksum": _checksum(revision),
        "ObjectParts": await _parts(call, revision) if "ObjectParts" in wanted else None,
        "StorageClass": revision.attributes.get("storage-class", "STANDARD"),
        "ObjectSize": revision.size,
    }
    return xml_response(
        "GetObjectAttributesResponse",
        [(name, shown[name]) for name in KNOWN if name in wanted],
        headers=[
            ("last-modified", to_http(revision.created_at)),
            *version_header(revision, call.bucket.versioning),
        ],
    )


def _wanted(headers: Mapping[str, str]) -> list[str]:
    """`InvalidArgument` for a name that is none, or for no name at all."""
    wanted = [name.strip() for name in headers.get(HEADER, "").split(",")]
    if not all(name in KNOWN for name in wanted):
        raise S3Error(
            "InvalidArgument",
            "Invalid attribute name specified.",
            ArgumentName=HEADER,
            ArgumentValue=headers.get(HEADER, ""),
        )
    return wanted


def _checksum(revision: Revision) -> list[Node] | None:
    """Of a composite one S3 leaves out the number of parts here."""
    shown = shown_checksums.shown(revision)
    if shown is None:
        return None
    return [(wire.element_name(shown.algorithm), shown.bare), ("ChecksumType", shown.type)]


async def _parts(call: Call, revision: Revision) -> list[Node] | None:
    """The parts it was sent in. One by one only where its checksum is made of theirs."""
    limit = listing.count(call.request.headers, "x-amz-max-parts")
    after = parts.marker(call.request.headers, "x-amz-part-number-marker")
    if revision.parts == 0:
        return None
    if revision.attributes.get("checksum-type") != "COMPOSITE":
        return [("PartsCount", revision.parts)]
    some = await _page(call, revision, after, limit + 1)
    shown, algorithm = some[:limit], revision.attributes["checksum"]
    return [
        ("PartNumberMarker", after),
        ("NextPartNumberMarker", shown[-1].number if shown else 0),
        ("MaxParts", limit),
        ("IsTruncated", len(some) > limit > 0),
        ("PartsCount", revision.parts),
        *(("Part", _part(part, algorithm)) for part in shown),
    ]


async def _page(
    call: Call, revision: Revision, after: int, limit: int
) -> tuple[CompletedPart, ...]:
    made = await completed_parts_of(
        call.engine, call.bucket.id, revision.key, revision.version, after=after, limit=limit
    )
    return made.parts


def _part(part: CompletedPart, algorithm: str) -> list[Node]:
    checksum = shown_checksums.part_nodes(part.checksums, algorithm)
    return [("PartNumber", part.number), ("Size", part.size), *checksum]


ROUTE = Route(
    name="GetObjectAttributes",
    method="GET",
    level="object",
    query=frozenset({"attributes"}),
    action="s3:GetObjectAttributes",
    versioned_action="s3:GetObjectVersionAttributes",
    acl="READ",
    handle=get_object_attributes,
)
