"""Every operation, and the choice among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from holdall.s3.errors import S3Error
from holdall.server.operations import (
    abort_multipart_upload,
    bucket_acl,
    bucket_tagging,
    complete_multipart_upload,
    copy_object,
    cors,
    create_bucket,
    create_multipart_upload,
    delete_bucket,
    delete_object,
    delete_objects,
    encryption,
    get_object,
    get_object_attributes,
    head_bucket,
    legal_hold,
    lifecycle_configuration,
    list_buckets,
    list_multipart_uploads,
    list_object_versions,
    list_objects,
    list_objects_v2,
    list_parts,
    location,
    notification,
    object_acl,
    object_lock,
    object_tagging,
    ownership,
    policy,
    post_object,
    public_access_block,
    put_object,
    restore_object,
    retention,
    unavailable,
    unconfigured,
    upload_part,
    upload_part_copy,
    versioning,
)
from holdall.server.request import Request
from holdall.server.routes import Level, Route

ROUTES: Final[tuple[Route, ...]] = (
    list_buckets.ROUTE,
    create_bucket.ROUTE,
    head_bucket.ROUTE,
    delete_bucket.ROUTE,
    list_objects.ROUTE,
    list_objects_v2.ROUTE,
    put_object.ROUTE,
    get_object.GET,
    get_object.HEAD,
    delete_object.ROUTE,
    bucket_acl.GET,
    bucket_acl.PUT,
    bucket_tagging.GET,
    bucket_tagging.PUT,
    bucket_tagging.DELETE,
    cors.GET,
    cors.PUT,
    cors.DELETE,
    encryption.GET,
    encryption.PUT,
    encryption.DELETE,
    legal_hold.GET,
    legal_hold.PUT,
    lifecycle_configuration.GET,
    lifecycle_configuration.PUT,
    lifecycle_configuration.DELETE,
    location.ROUTE,
    notification.GET,
    notification.PUT,
    object_acl.GET,
    object_acl.PUT,
    object_lock.GET,
    object_lock.PUT,
    object_tagging.GET,
    object_tagging.PUT,
    object_tagging.DELETE,
    ownership.GET,
    ownership.PUT,
    ownership.DELETE,
    policy.GET,
    policy.PUT,
    policy.DELETE,
    policy.STATUS,
    public_access_block.GET,
    public_access_block.PUT,
    public_access_block.DELETE,
    restore_object.ROUTE,
    retention.GET,
    retention.PUT,
    unavailable.SELECT,
    unavailable.TORRENT,
    *unconfigured.ROUTES,
    versioning.GET,
    versioning.PUT,
    abort_multipart_upload.ROUTE,
    complete_multipart_upload.ROUTE,
    copy_object.ROUTE,
    create_multipart_upload.ROUTE,
    delete_objects.ROUTE,
    get_object_attributes.ROUTE,
    list_multipart_uploads.ROUTE,
    list_object_versions.ROUTE,
    list_parts.ROUTE,
    post_object.ROUTE,
    upload_part.ROUTE,
    upload_part_copy.ROUTE,
)

Place = tuple[Level, str]


def _by_place(routes: Iterable[Route]) -> Mapping[Place, list[Route]]:
    """Those that ask for more of the query come first."""
    found = defaultdict[Place, list[Route]](list)
    for route in sorted(routes, key=lambda route: (-len(route.query), not route.copies)):
        found[route.level, route.method].append(route)
    return dict(found)


_ROUTES: Final = _by_place(ROUTES)


def route_of(request: Request) -> Route:
    """The operation meant. `MethodNotAllowed`, `NotImplemented`.

    A sub-resource that the operation knows nothing of must not be passed over: a
    `DELETE /bucket?metadataTable` that deleted the bucket would be a misunderstanding.
    """
    copies = "x-amz-copy-source" in request.headers
    names = _TELLING & request.query.keys()
    return _route(level_of(request), request.method, frozenset(names), copies)


@lru_cache(maxsize=1024)  # the same few are meant all day
def _route(level: Level, method: str, names: frozenset[str], copies: bool) -> Route:
    for route in _ROUTES.get((level, method), ()):
        if route.query <= names and copies >= route.copies:
            _refuse_others(names, route)
            return route
    raise S3Error("MethodNotAllowed", Method=method, ResourceType=level.upper())


def _refuse_others(names: frozenset[str], route: Route) -> None:
    others = names - route.query - _PARAMETERS
    if route.writes and "partNumber" in names and "uploadId" not in names:
        raise S3Error("InvalidArgument", "A part is named by partNumber and uploadId together")
    if others & UNKNOWN or ("encryption" in others and route.level == "object"):
        raise S3Error("NotImplemented")
    for other in sorted(others & _SUBRESOURCES):
        raise S3Error("MethodNotAllowed", Method=route.method, ResourceType=other.upper())


UNKNOWN: Final = frozenset(
    {
        "abac",
        "annotation",
        "annotations",
        "metadataAnnotationTable",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "metadataTable",
        "renameObject",
        "session",
    }
)
"""Sub-resources that S3 has and Holdall has not."""

_PARAMETERS: Final = frozenset({"list-type", "id"})
_SUBRESOURCES: Final = (
    frozenset(name for route in ROUTES for name in route.query) - _PARAMETERS - {"partNumber"}
)
_TELLING: Final = _SUBRESOURCES | _PARAMETERS | UNKNOWN | {"partNumber"}
"""Names that tell operations apart. Others are not kept: a client may invent any number."""


def level_of(request: Request) -> Level:
    target = request.target
    if target.bucket is None:
        return "service"
    return "bucket" if target.key is None else "object"
