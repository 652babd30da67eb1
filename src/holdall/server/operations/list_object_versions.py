"""ListObjectVersions: every version and delete marker, the newest of each key first."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.core.values import CommonPrefix, Entry, Revision, VersionPage
from holdall.engine.versions import list_versions
from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.s3.xml import Node
from holdall.server import listing, owning
from holdall.server.call import Call
from holdall.server.listing import Spelling
from holdall.server.objects import version_of
from holdall.server.response import Response, xml_response
from holdall.server.routes import Route

After = tuple[str, str | None]


async def list_object_versions(call: Call) -> Response:
    query = call.query
    limit, spell = listing.count(query), Spelling(query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key, version = _after(query)
    page = await _page(call, prefix, delimiter, (key, version), limit)
    following = page.after or (None, None)
    prefixes = [entry for entry in page.entries if isinstance(entry, CommonPrefix)]
    return xml_response(
        "ListVersionsResult",
        [
            ("Name", call.bucket.name),
            ("Prefix", spell(prefix)),
            ("KeyMarker", spell(key)),
            ("VersionIdMarker", version or ""),
            ("NextKeyMarker", spell.optional(following[0])),
            ("NextVersionIdMarker", following[1]),
            ("MaxKeys", limit),
            ("Delimiter", spell.optional(delimiter)),
            ("EncodingType", spell.encoding),
            ("IsTruncated", page.after is not None),
            *(_version(entry, spell, call) for entry in page.entries if _has_version(entry)),
            *(("CommonPrefixes", [("Prefix", spell(entry.prefix))]) for entry in prefixes),
        ],
    )


def _after(query: Mapping[str, str]) -> After:
    """`InvalidArgument` for a version without a key, or one that is empty."""
    key, version = query.get("key-marker", ""), query.get("version-id-marker")
    if version == "":
        raise _invalid("A version-id marker cannot be empty.", version)
    if version is not None and not key:
        raise _invalid("A version-id marker cannot be specified without a key marker.", version)
    return key, version


def _invalid(message: str, value: str) -> S3Error:
    return S3Error(
        "InvalidArgument", message, ArgumentName="version-id-marker", ArgumentValue=value
    )


async def _page(call: Call, prefix: str, delimiter: str, after: After, limit: int) -> VersionPage:
    if limit == 0:
        return VersionPage((), None, call.bucket.owner)
    return await list_versions(
        call.engine, call.bucket.id, prefix=prefix, delimiter=delimiter, after=after, limit=limit
    )


def _has_version(entry: Entry) -> bool:
    return isinstance(entry, Revision)


def _version(entry: Entry, spell: Spelling, call: Call) -> Node:
    assert isinstance(entry, Revision)
    shown: list[Node] = [
        ("Key", spell(entry.key)),
        ("VersionId", version_of(entry)),
        ("IsLatest", entry.is_current),
    ]
    said = owning.node(call.bucket, entry.attributes)
    if entry.is_marker:
        return "DeleteMarker", [*shown, ("LastModified", to_iso(entry.created_at)), said]
    storage: Node = ("StorageClass", entry.attributes.get("storage-class", "STANDARD"))
    return "Version", [*shown, *listing.described(entry), storage, said]


ROUTE = Route(
    name="ListObjectVersions",
    method="GET",
    level="bucket",
    query=frozenset({"versions"}),
    action="s3:ListBucketVersions",
    acl="READ",
    handle=list_object_versions,
)
