"""Cross-origin requests: preflights, and the headers on answers.

The rules are those of "Using cross-origin resource sharing" in the S3 user guide: the first
rule that covers the origin, the method and, in a preflight, every header that is announced
decides, and no rule means no headers. An actual request is never refused for its origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from holdall.s3.errors import S3Error
from holdall.server import buckets
from holdall.server.buckets import Bucket
from holdall.server.cors_rules import METHODS, SETTING, Rule, rules_of
from holdall.server.request import Request
from holdall.server.response import Headers, Response
from holdall.server.state import State

VARY: Final = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def headers(bucket: Bucket, request: Request) -> Headers:
    """What an answer to an actual request tells a browser; nothing to most.

    The method is that of the request, or the one that it says is to be asked for.
    """
    origin = request.header("origin")
    if origin is None or SETTING not in bucket.settings:
        return []
    method = request.header("access-control-request-method") or request.method
    wanted = _requested_headers(request)
    rule = _covering(rules_of(bucket), origin, method, wanted)
    return [] if rule is None else _allowing(rule, origin, wanted)


def _covering(
    rules: Iterable[Rule], origin: str, method: str, wanted: Iterable[str]
) -> Rule | None:
    return next((rule for rule in rules if rule.covers(origin, method, wanted)), None)


def _requested_headers(request: Request) -> tuple[str, ...]:
    listed = request.headers.get("access-control-request-headers", "").lower().split(",")
    return tuple(name.strip() for name in listed if name.strip())


def _allowing(rule: Rule, origin: str, wanted: tuple[str, ...]) -> Headers:
    """Credentials are for origins that a rule knows, not for those that `*` lets in."""
    found: Headers = [("access-control-allow-methods", ", ".join(rule.methods))]
    if rule.origin_for(origin) == "*":
        found.append(("access-control-allow-origin", "*"))
    else:
        found.append(("access-control-allow-origin", origin))
        found.append(("access-control-allow-credentials", "true"))
    if wanted:
        found.append(("access-control-allow-headers", ", ".join(wanted)))
    if rule.exposed:
        found.append(("access-control-expose-headers", ", ".join(rule.exposed)))
    if rule.max_age is not None:
        found.append(("access-control-max-age", str(rule.max_age)))
    found.append(("vary", VARY))
    return found


async def preflight(state: State, request: Request) -> Response:
    """The answer to any OPTIONS, whoever asks: a browser signs none of its preflights.

    `BadRequest` for what is no preflight, `AccessForbidden` where no rule covers it.
    """
    origin = request.header("origin")
    if origin is None:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    rules = await _rules_asked(state, request)
    method, wanted = _requested_method(request), _requested_headers(request)
    rule = _covering(rules, origin, method, wanted)
    if rule is None:
        kind = "BUCKET" if request.target.key is None else "OBJECT"
        raise _forbidden(request, "no rule covers its origin, its method and its headers.", kind)
    return Response(headers=_allowing(rule, origin, wanted))


async def _rules_asked(state: State, request: Request) -> tuple[Rule, ...]:
    name = request.target.bucket
    if name is None:
        raise _forbidden(request, "it names no bucket.")
    try:
        bucket = await buckets.load(state.engine, name, None)
    except S3Error as error:
        raise _forbidden(request, "Bucket not found.") from error
    rules = rules_of(bucket)
    if not rules:
        raise _forbidden(request, "CORS is not enabled for this bucket.")
    return rules


def _requested_method(request: Request) -> str:
    method = request.header("access-control-request-method")
    if method not in METHODS:
        raise S3Error("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
    return method


def _forbidden(request: Request, why: str, kind: str = "BUCKET") -> S3Error:
    method = request.header("access-control-request-method") or "OPTIONS"
    return S3Error("AccessForbidden", f"CORSResponse: {why}", Method=method, ResourceType=kind)
