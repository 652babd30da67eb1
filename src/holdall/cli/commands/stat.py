"""`holdall stat`: show what is known of a blob or a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from holdall.cli import human
from holdall.cli.completing import uris
from holdall.cli.fields import blob_fields, bucket_fields, usage_fields
from holdall.cli.options import Json, Revision, Store
from holdall.cli.output import Output
from holdall.cli.places import Blob, blob
from holdall.cli.printable import shown_name
from holdall.cli.revisions import RevisionRef, revision_ref
from holdall.cli.running import run
from holdall.cli.usage import usage_of_bucket
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject


def command(
    uri: Annotated[str, typer.Argument(metavar="URI", show_default=False, autocompletion=uris)],
    revision: Revision = None,
    store: Store = "",
    json: Json = False,
) -> None:
    """Show what is known of a blob or a bucket.

    URI is blob:BUCKET/KEY or blob:BUCKET.

    Exit codes: 0 shown; 1 the store failed; 2 wrong usage; 3 no such blob or bucket.
    """
    chosen = revision_ref(revision)
    run(lambda client, output: stat(client, output, uri, revision=chosen), store=store, json=json)


async def stat(client: Client, output: Output, text: str, *, revision: RevisionRef) -> None:
    named = blob(text)
    if named.key:
        found = await client.buckets.head_blob(
            named.bucket, named.key, **named.whose, revision=revision
        )
        output.result(blob_fields(found), *_aligned(_of_blob(found)))
    else:
        await _stat_bucket(client, output, named)


async def _stat_bucket(client: Client, output: Output, named: Blob) -> None:
    bucket = await client.buckets.get(named.bucket, **named.whose)
    usage = await usage_of_bucket(client, named)
    fields = bucket_fields(bucket) | {"usage": usage_fields(usage)}
    shown = {
        "bucket": bucket.name or bucket.id,
        "id": bucket.id,
        "owner": bucket.owner,
        "uri": str(bucket.uri),
        "created": human.exact_time(bucket.created_at),
        "versioning": bucket.versioning.value,
        "blobs": f"{usage.object_count:,}, {_bytes(usage.total_bytes)}",
        "revisions": f"{usage.revision_count:,}, {_bytes(usage.revision_bytes)}",
        "markers": f"{usage.marker_count:,}",
    }
    output.result(fields, *_aligned(shown))


def _of_blob(found: BlobObject) -> dict[str, str]:
    number = f"{human.revision(found.revision)}{' (delete marker)' if found.is_marker else ''}"
    return {
        "key": shown_name(found.key),
        "uri": str(found.uri),
        "size": _bytes(found.size),
        "modified": human.exact_time(found.modified_at),
        "revision": number if found.is_current else f"{number}, not the current one",
        "version": found.version,
        "type": found.content_type,
        "etag": found.etag,
        **_pairs("metadata", found.metadata),
        **_pairs("tag", found.tags),
    }


def _pairs(heading: str, pairs: Mapping[str, str]) -> dict[str, str]:
    return {f"{heading} {name}": value for name, value in pairs.items()}


def _bytes(count: int) -> str:
    exact = human.plural(count, "byte")
    return exact if count < 1000 else f"{exact} ({human.size(count)})"


def _aligned(shown: Mapping[str, Any]) -> list[str]:
    width = max(map(len, shown))
    return [f"{name:<{width}}  {value}" for name, value in shown.items()]
