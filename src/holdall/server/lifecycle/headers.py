"""What answers say of the lifecycle of an object or an upload, by the rules of its bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from holdall.core.values import Revision
from holdall.server.buckets import Bucket
from holdall.server.lifecycle.documents import lifecycle_of
from holdall.server.lifecycle.rules import abort_headers, expiration_header
from holdall.server.response import Headers


def of_object(bucket: Bucket, revision: Revision, now: Callable[[], datetime]) -> Headers:
    """`x-amz-expiration`, where a rule says when the object goes (S3 PutObject, GetObject,
    HeadObject, CopyObject, CompleteMultipartUpload). Not for versions that are asked for by
    their ids: those do not expire as current objects."""
    lifecycle = lifecycle_of(bucket)
    value = lifecycle and expiration_header(lifecycle.rules, revision, now())
    return [("x-amz-expiration", value)] if value else []


def of_upload(bucket: Bucket, key: str, started_at: datetime) -> Headers:
    """`x-amz-abort-date` and `x-amz-abort-rule-id`, where a rule will abort the upload
    (S3 CreateMultipartUpload, ListParts)."""
    lifecycle = lifecycle_of(bucket)
    return abort_headers(lifecycle.rules, key, started_at) if lifecycle else []
