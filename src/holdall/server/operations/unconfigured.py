"""What S3 can be configured to do and Holdall does not: asked for, it is not configured.

To configure it is `NotImplemented`, but where that would change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.server import documents
from holdall.server.call import Call
from holdall.server.response import Response, empty, xml_response
from holdall.server.routes import Handler, Route


def _refusing(code: str, message: str = "") -> Handler:
    async def refuse(call: Call) -> Response:
        raise S3Error(code, message, BucketName=call.bucket.name)

    return refuse


def _answering(root: str, *content: tuple[str, str]) -> Handler:
    async def answer(call: Call) -> Response:
        return xml_response(root, content)

    return answer


async def nothing_to_delete(call: Call) -> Response:
    return empty(204)


def _admitting(root: str, admits: Callable[[xml.Element], bool], what: str) -> Handler:
    """Takes a document that asks for what is already so."""

    async def put(call: Call) -> Response:
        if not admits(xml.parse(await documents.read(call), root)):
            raise S3Error("NotImplemented", what)
        return empty()

    return put


def _listing(root: str) -> Handler:
    """No configurations, or none of the id that is asked for."""

    async def listing(call: Call) -> Response:
        if "id" in call.query:
            raise S3Error("NoSuchConfiguration")
        return xml_response(root, [("IsTruncated", False)])

    return listing


_NOT_WEBSITE: Final = _refusing("NotImplemented", "Websites")
_NOT_REPLICATED: Final = _refusing("NotImplemented", "Replication")
_NO_LOGS: Final = _admitting(
    "BucketLoggingStatus", lambda found: found.find("LoggingEnabled") is None, "Access logs"
)
_NOT_FASTER: Final = _admitting(
    "AccelerateConfiguration",
    lambda found: found.need("Status") == "Suspended",
    "Transfer acceleration",
)
_OWNER_PAYS: Final = _admitting(
    "RequestPaymentConfiguration",
    lambda found: found.need("Payer") == "BucketOwner",
    "Requester Pays",
)


class _Single(NamedTuple):
    """A configuration of which a bucket has one at most. None: there is no such operation."""

    query: str
    operation: str
    action: str
    get: Handler
    put: Handler
    delete: str | None = None
    delete_action: str | None = None


_SINGLES: Final = (
    _Single(
        "website",
        "BucketWebsite",
        "BucketWebsite",
        _refusing("NoSuchWebsiteConfiguration"),
        _NOT_WEBSITE,
        delete="DeleteBucketWebsite",
        delete_action="s3:DeleteBucketWebsite",
    ),
    _Single(
        "logging", "BucketLogging", "BucketLogging", _answering("BucketLoggingStatus"), _NO_LOGS
    ),
    _Single(
        "accelerate",
        "BucketAccelerateConfiguration",
        "AccelerateConfiguration",
        _answering("AccelerateConfiguration"),
        _NOT_FASTER,
    ),
    _Single(
        "requestPayment",
        "BucketRequestPayment",
        "BucketRequestPayment",
        _answering("RequestPaymentConfiguration", ("Payer", "BucketOwner")),
        _OWNER_PAYS,
    ),
    _Single(
        "replication",
        "BucketReplication",
        "ReplicationConfiguration",
        _refusing("ReplicationConfigurationNotFoundError"),
        _NOT_REPLICATED,
        delete="DeleteBucketReplication",
        delete_action="s3:PutReplicationConfiguration",
    ),
)


class _Many(NamedTuple):
    """Configurations of which a bucket may have many, by id."""

    query: str
    noun: str
    root: str


_MANY: Final = (
    _Many("analytics", "Analytics", "ListBucketAnalyticsConfigurationResult"),
    _Many(
        "intelligent-tiering",
        "IntelligentTiering",
        "ListBucketIntelligentTieringConfigurationsOutput",
    ),
    _Many("inventory", "Inventory", "ListInventoryConfigurationsResult"),
    _Many("metrics", "Metrics", "ListMetricsConfigurationsResult"),
)


def _routes() -> Iterator[Route]:
    for single in _SINGLES:
        yield from _of_single(single)
    for many in _MANY:
        yield from _of_many(many)


def _of_single(found: _Single) -> Iterator[Route]:
    yield _route("GET", found.query, f"Get{found.operation}", f"s3:Get{found.action}", found.get)
    yield _route("PUT", found.query, f"Put{found.operation}", f"s3:Put{found.action}", found.put)
    if found.delete is not None:
        yield _route("DELETE", found.query, found.delete, found.delete_action, nothing_to_delete)


def _of_many(found: _Many) -> Iterator[Route]:
    """Getting one differs from listing all by the id in the query."""
    get, put = f"s3:Get{found.noun}Configuration", f"s3:Put{found.noun}Configuration"
    listing, name = _listing(found.root), f"Bucket{found.noun}Configuration"
    refuse = _refusing("NotImplemented", f"{found.noun} configurations")
    missing = _refusing("NoSuchConfiguration")
    yield _route("GET", found.query, f"List{name}s", get, listing)
    yield _route("GET", found.query, f"Get{name}", get, listing, "id")
    yield _route("PUT", found.query, f"Put{name}", put, refuse)
    yield _route("DELETE", found.query, f"Delete{name}", put, missing)


def _route(
    method: str, query: str, name: str, action: str | None, handle: Handler, *more: str
) -> Route:
    return Route(
        name=name,
        method=method,
        level="bucket",
        query=frozenset({query, *more}),
        action=action,
        writes=method != "GET",
        handle=handle,
    )


ROUTES: Final = tuple(_routes())
