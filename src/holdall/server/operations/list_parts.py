"""ListParts: what an unfinished upload has received."""

from __future__ import annotations

from collections.abc import Sequence

from holdall.core.values import Part
from holdall.s3.checksums import Multipart
from holdall.s3.times import to_iso
from holdall.s3.xml import Node
from holdall.server import listing, parts, shown_checksums, uploads
from holdall.server.call import Call
from holdall.server.lifecycle import headers as lifecycle_headers
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route
from holdall.server.uploads import Open


async def list_parts(call: Call) -> Response:
    limit, after = (
        listing.count(call.query, "max-parts"),
        parts.marker(call.query, "part-number-marker"),
    )
    open = await uploads.resume_allowed(call, "s3:ListMultipartUploadParts")
    shown, more = await _page(open, after, limit)
    asked = shown_checksums.asked(open.record.attributes)
    return xml_response(
        "ListPartsResult",
        [
            ("Bucket", call.bucket.name),
            ("Key", call.key),
            ("UploadId", open.upload.id),
            ("PartNumberMarker", after),
            ("NextPartNumberMarker", shown[-1].number if shown else 0),
            ("MaxParts", limit),
            ("IsTruncated", more),
            *(("Part", _part(part, asked)) for part in shown),
            *uploads.people(call.bucket, open.record),
            ("ChecksumAlgorithm", asked and asked.algorithm.upper()),
            ("ChecksumType", asked and asked.type.value),
        ],
        headers=lifecycle_headers.of_upload(call.bucket, call.key, open.record.created_at),
    )


async def _page(open: Open, after: int, limit: int) -> tuple[Sequence[Part], bool]:
    if limit == 0:
        return (), False
    found = await open.upload.parts_page(after, limit + 1)
    return found[:limit], len(found) > limit


def _part(part: Part, asked: Multipart | None) -> list[Node]:
    checksum = shown_checksums.part_nodes(part.checksums, asked.algorithm) if asked else []
    return [
        ("PartNumber", part.number),
        ("LastModified", to_iso(part.created_at)),
        ("ETag", f'"{part.etag}"'),
        ("Size", part.size),
        *checksum,
    ]


ROUTE = Route(
    name="ListParts",
    method="GET",
    level="object",
    query=frozenset({"uploadId"}),
    handle=list_parts,
)
