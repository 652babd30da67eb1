"""ListObjects, the first version."""

from __future__ import annotations

from functools import partial

from holdall.server import listing, owning
from holdall.server.call import Call
from holdall.server.listing import Spelling
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route


async def list_objects(call: Call) -> Response:
    query = call.query
    limit, spell = listing.count(query), Spelling(query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    marker = query.get("marker", "")
    entries, following = await listing.page(call, prefix, delimiter, marker, limit)
    return xml_response(
        "ListBucketResult",
        [
            ("Name", call.bucket.name),
            ("Prefix", prefix),  # the one name that S3 does not encode here
            ("Marker", spell(marker)),
            ("NextMarker", spell(following) if following and delimiter else None),
            ("MaxKeys", limit),
            ("Delimiter", spell.optional(delimiter)),
            ("EncodingType", spell.encoding),
            ("IsTruncated", following is not None),
            listing.contents(entries, spell, partial(owning.node, call.bucket)),
        ],
    )


ROUTE = Route(
    name="ListObjects",
    method="GET",
    level="bucket",
    action="s3:ListBucket",
    acl="READ",
    handle=list_objects,
)
