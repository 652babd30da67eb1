"""ListBuckets: those of the caller."""

from __future__ import annotations

import re

from holdall.core.values import BucketRecord
from holdall.engine import buckets
from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.s3.xml import Node
from holdall.server import listing
from holdall.server.call import Call
from holdall.server.identities import canonical_id
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

MOST = 10_000
_COUNT = re.compile("[0-9]{1,5}")


async def list_buckets(call: Call) -> Response:
    query = call.query
    prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
    limit = _limit(query.get("max-buckets"))
    records = await buckets.page(call.engine, prefix=prefix, after=after, limit=limit)
    more = len(records) == limit and bool(
        await buckets.page(call.engine, prefix=prefix, after=str(records[-1].name), limit=1)
    )
    if call.query.get("bucket-region", call.state.region) != call.state.region:
        raise S3Error("InvalidArgument", "Argument value is not the region of this endpoint")
    shown = [record for record in records if _is_within_scope(call, str(record.name))]
    user = call.caller.user
    region = call.state.region if call.query else None  # "if at least one valid parameter"
    return xml_response(
        "ListAllMyBucketsResult",
        [
            ("Owner", listing.owner(canonical_id(user), user)),
            ("Buckets", [("Bucket", _bucket(record, region)) for record in shown]),
            ("ContinuationToken", records[-1].name if more else None),
            ("Prefix", prefix or None),
        ],
    )


def _is_within_scope(call: Call, name: str) -> bool:
    scope = call.caller.key
    return scope is None or scope.buckets is None or name in scope.buckets


def _bucket(record: BucketRecord, region: str | None) -> list[Node]:
    created = to_iso(record.created_at)
    return [("Name", record.name), ("BucketRegion", region), ("CreationDate", created)]


def _limit(text: str | None) -> int:
    if text is None:
        return MOST
    if not _COUNT.fullmatch(text) or not 0 < int(text) <= MOST:
        raise S3Error("InvalidArgument", "Argument max-buckets must be between 1 and 10000")
    return int(text)


ROUTE = Route(
    name="ListBuckets",
    method="GET",
    level="service",
    action="s3:ListAllMyBuckets",
    handle=list_buckets,
)
