"""ListObjectsV2."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import partial

from holdall.s3.errors import S3Error
from holdall.server import listing, owning
from holdall.server.call import Call
from holdall.server.listing import Spelling
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route


async def list_objects_v2(call: Call) -> Response:
    query = call.query
    limit, spell = listing.count(query), Spelling(query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start, token = query.get("start-after", ""), query.get("continuation-token")
    after = start if token is None else _opened(token)
    entries, following = await listing.page(call, prefix, delimiter, after, limit)
    with_owner = query.get("fetch-owner") == "true"
    owner = partial(owning.node, call.bucket) if with_owner else _nobody
    return xml_response(
        "ListBucketResult",
        [
            ("Name", call.bucket.name),
            ("Prefix", spell(prefix)),
            ("Delimiter", spell.optional(delimiter)),
            ("MaxKeys", limit),
            ("EncodingType", spell.encoding),
            ("KeyCount", len(entries)),
            ("IsTruncated", following is not None),
            ("ContinuationToken", token),
            ("NextContinuationToken", following and _sealed(following)),
            ("StartAfter", spell.optional(start)),
            listing.contents(entries, spell, owner),
        ],
    )


def _nobody(attributes: Mapping[str, str]) -> str:
    return ""


def _sealed(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _opened(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise S3Error(
            "InvalidArgument",
            "The continuation token provided is incorrect",
            ArgumentName="continuation-token",
        ) from error


ROUTE = Route(
    name="ListObjectsV2",
    method="GET",
    level="bucket",
    query=frozenset({"list-type"}),
    action="s3:ListBucket",
    acl="READ",
    handle=list_objects_v2,
)
