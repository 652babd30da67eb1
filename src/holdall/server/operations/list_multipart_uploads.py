"""ListMultipartUploads: what was started in a bucket and is not over."""

from __future__ import annotations

from holdall.core.values import UploadPage, UploadRecord
from holdall.engine.uploads import list_uploads
from holdall.s3.times import to_iso
from holdall.s3.xml import Node
from holdall.server import listing, shown_checksums, uploads
from holdall.server.buckets import Bucket
from holdall.server.call import Call
from holdall.server.listing import Spelling
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route


async def list_multipart_uploads(call: Call) -> Response:
    query = call.query
    limit, spell = listing.count(query, "max-uploads"), Spelling(query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key, id = query.get("key-marker", ""), query.get("upload-id-marker", "")
    page = await _page(call, prefix, delimiter, (key, id if key and id else None), limit)
    following = page.after or (None, None)
    return xml_response(
        "ListMultipartUploadsResult",
        [
            ("Bucket", call.bucket.name),
            ("KeyMarker", spell(key)),
            ("UploadIdMarker", id),
            ("NextKeyMarker", spell.optional(following[0])),
            ("NextUploadIdMarker", following[1]),
            ("Prefix", spell(prefix)),
            ("Delimiter", spell.optional(delimiter)),
            ("EncodingType", spell.encoding),
            ("MaxUploads", limit),
            ("IsTruncated", page.after is not None),
            *(
                _entry(entry, spell, call.bucket)
                for entry in page.entries
                if isinstance(entry, UploadRecord)
            ),
            *(
                ("CommonPrefixes", [("Prefix", spell(entry.prefix))])
                for entry in page.entries
                if not isinstance(entry, UploadRecord)
            ),
        ],
    )


async def _page(
    call: Call, prefix: str, delimiter: str, after: tuple[str, str | None], limit: int
) -> UploadPage:
    if limit == 0:
        return UploadPage((), None)
    return await list_uploads(call.engine, call.bucket.id, prefix, after, limit, delimiter)


def _entry(record: UploadRecord, spell: Spelling, bucket: Bucket) -> Node:
    asked = shown_checksums.asked(record.attributes)
    return "Upload", [
        ("Key", spell(record.key)),
        ("UploadId", record.id),
        *uploads.people(bucket, record),
        ("Initiated", to_iso(record.created_at)),
        ("ChecksumAlgorithm", asked and asked.algorithm.upper()),
        ("ChecksumType", asked and asked.type.value),
    ]


ROUTE = Route(
    name="ListMultipartUploads",
    method="GET",
    level="bucket",
    query=frozenset({"uploads"}),
    action="s3:ListBucketMultipartUploads",
    acl="READ",
    handle=list_multipart_uploads,
)
