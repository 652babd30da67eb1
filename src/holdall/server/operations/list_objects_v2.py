"""ListObjectsV2."""

from __future__ import annotations

import base64
import binascii

from holdall.core.values import CommonPrefix, Revision
from holdall.s3.errors import S3Error
from holdall.s3.xml import Node
from holdall.server import listing, owning
from holdall.server.call import Call
from holdall.server.listing import Spelling, described
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
    keys = [entry for entry in entries if isinstance(entry, Revision)]
    prefixes = [entry for entry in entries if isinstance(entry, CommonPrefix)]
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
            *(("Contents", _object(entry, spell, with_owner, call)) for entry in keys),
            *(("CommonPrefixes", [("Prefix", spell(entry.prefix))]) for entry in prefixes),
        ],
    )


def _object(entry: Revision, spell: Spelling, with_owner: bool, call: Call) -> list[Node]:
    shown: list[Node] = [("Key", spell(entry.key)), *described(entry)]
    if with_owner:
        shown.append(owning.node(call.bucket, entry.attributes))
    shown.append(("StorageClass", entry.attributes.get("storage-class", "STANDARD")))
    return shown


def _sealed(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _opened(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect") from error


ROUTE = Route(
    name="ListObjectsV2",
    method="GET",
    level="bucket",
    query=frozenset({"list-type"}),
    action="s3:ListBucket",
    acl="READ",
    handle=list_objects_v2,
)
