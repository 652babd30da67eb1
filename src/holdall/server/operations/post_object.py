"""PostObject: an object from an HTML form, signed by the policy that the form carries."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from holdall.core.values import PutOptions, Revision
from holdall.engine.put import put as put_blob
from holdall.s3 import postpolicy, xml
from holdall.s3.errors import S3Error
from holdall.s3.postpolicy import FormClaim, Policy
from holdall.server import encryption, forms, owning, receiving, shown_checksums, tag_sets
from holdall.server.authentication import ANONYMOUS
from holdall.server.authorisation import Caller
from holdall.server.call import Call
from holdall.server.forms import Form
from holdall.server.marking import marks_of, require_actions
from holdall.server.objects import (
    KEPT,
    MAX_TAGS,
    attributes_of,
    content_type_of,
    metadata_of,
    version_header,
)
from holdall.server.request import Request, Target
from holdall.server.response import Headers, Response
from holdall.server.routes import Route

LARGEST: Final = 5 * 1024**3

SAME: Final = frozenset({"content-type", "content-md5", *KEPT})
"""Fields that mean what the header of that name does in PutObject, as all of `x-amz-*` do."""

OWN: Final = frozenset({"host", "user-agent", "referer"})
"""Headers of the request itself, which policies may speak of."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Who posts, and what the form's policy allows, None without one."""

    caller: Caller
    policy: Policy | None


async def post_object(call: Call) -> Response:
    form = await forms.read(call.body, call.header("content-type") or "")
    key = _key(form.fields)
    permit = await _permit(call, form.fields)
    put = _as_put(call, key, form.fields, permit.caller)
    await put.require("s3:PutObject", key=key, acl="WRITE", writes=True)
    revision = await _store(put, form, permit.policy)
    return _answer(put, form.fields, revision)


def _key(fields: Mapping[str, str]) -> str:
    key = fields.get("key", "")
    if not key:
        raise S3Error(
            "InvalidArgument",
            "Bucket POST must contain a field named 'key'. If it is specified, please check the"
            " order of the fields.",
            ArgumentName="key",
            ArgumentValue="",
        )
    return key


async def _permit(call: Call, fields: Mapping[str, str]) -> Permit:
    """A form proves itself by its policy alone, whatever signed the request that carries it.

    `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `InvalidPolicyDocument`, `AccessDenied`.
    """
    claim = postpolicy.claim(fields)
    if claim is None:
        return Permit(ANONYMOUS, None)
    _refuse_old(call, claim)
    key = await call.state.accounts.find(claim.access_key, claim.session_token)
    if key is None:
        raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=claim.access_key)
    postpolicy.verify(claim, key.secret)
    policy = postpolicy.parse(claim.policy)
    policy.check(fields, call.bucket.name, call.state.now())
    return Permit(key.caller, policy)


def _refuse_old(call: Call, claim: FormClaim) -> None:
    if claim.is_v2 and not call.state.allow_sigv2:
        raise S3Error(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use"
            " AWS4-HMAC-SHA256.",
        )


def _as_put(call: Call, key: str, fields: Mapping[str, str], caller: Caller) -> Call:
    """The PutObject that the form stands for."""
    request = copy.copy(call.request)
    request.headers = _headers(call.request, fields)
    request.target = Target(call.bucket.name, key)
    return replace(call, request=request, caller=caller)


def _headers(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    """Headers spell their UTF-8 as latin-1; the values of a form are text."""
    found = {name: value for name, value in request.headers.items() if name in OWN}
    for name, value in fields.items():
        if name in SAME or name.startswith("x-amz-"):
            found[name] = value.encode().decode("latin-1")
    if "acl" in fields:
        found["x-amz-acl"] = fields["acl"]
    return found


async def _store(put: Call, form: Form, policy: Policy | None) -> Revision:
    headers, received, marks = put.request.headers, receiving.receive(put), marks_of(put)
    await require_actions(put, marks)
    protection = encryption.wanted(put)
    options = PutOptions(
        content_type=content_type_of(headers),
        metadata=metadata_of(headers),
        tags=_tags(form.fields),
        attributes={
            **attributes_of(headers),
            **received.attributes,
            **owning.attributes(put, marks),
            **protection.attributes,
        },
        marks=marks,
        checksums=received.checksums,
    )
    content = _within(form.content, policy)
    return await put_blob(put.engine, put.bucket.id, put.key, content, options, protection.seal)


async def _within(content: AsyncIterator[bytes], policy: Policy | None) -> AsyncIterator[bytes]:
    """The file, as long as it keeps to its limits: more than they allow is not waited for.
    `EntityTooLarge`, `EntityTooSmall`."""
    size, most = 0, policy.most if policy else None
    async for chunk in content:
        size += len(chunk)
        if policy is not None and most is not None and size > most:
            policy.check_length(size)
        if size > LARGEST:
            raise S3Error("EntityTooLarge", ProposedSize=str(size), MaxSizeAllowed=str(LARGEST))
        yield chunk
    if policy is not None:
        policy.check_length(size)


def _tags(fields: Mapping[str, str]) -> dict[str, str]:
    """A form has its tags as XML (S3 POST Object, `tagging`). `MalformedXML`, `InvalidTag`."""
    text = fields.get("tagging")
    return tag_sets.from_xml(text.encode(), MAX_TAGS) if text else {}


def _answer(put: Call, fields: Mapping[str, str], revision: Revision) -> Response:
    """A redirect, or the status that the form wishes, 204 for any other wish."""
    location = _location(put)
    headers: Headers = [
        ("etag", f'"{revision.etag}"'),
        *encryption.headers(revision.attributes),
        *shown_checksums.headers(revision),
        *version_header(revision, put.bucket.versioning),
    ]
    redirect = _redirect(put, fields, revision)
    if redirect is not None:
        return Response(303, [*headers, ("location", redirect)])
    headers.append(("location", location))
    wish = fields.get("success_action_status")
    if wish == "201":
        return _created(put, revision, location, headers)
    return Response(200 if wish == "200" else 204, headers)


def _created(put: Call, revision: Revision, location: str, headers: Headers) -> Response:
    """S3's answer has no namespace here, unlike all others."""
    content = (
        ("Location", location),
        ("Bucket", put.bucket.name),
        ("Key", put.key),
        ("ETag", f'"{revision.etag}"'),
    )
    body = xml.render("PostResponse", content, namespace="")
    return Response(201, [*headers, ("content-type", "application/xml")], body)


def _location(put: Call) -> str:
    scheme = "https" if put.request.secure else "http"
    path = put.request.raw_path.decode("latin-1").rstrip("/")
    return f"{scheme}://{put.header('host') or ''}{path}/{quote(put.key, safe='/~')}"


def _redirect(put: Call, fields: Mapping[str, str], revision: Revision) -> str | None:
    """`success_action_redirect`, once `redirect`, with what was stored in its query. An address
    that is none is as if it were absent."""
    target = fields.get("success_action_redirect") or fields.get("redirect") or ""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or not _is_printable(target):
        return None
    stored = urlencode(
        {"bucket": put.bucket.name, "key": put.key, "etag": f'"{revision.etag}"'},
        quote_via=quote,
        safe="/",
    )
    query = f"{parts.query}&{stored}" if parts.query else stored
    return parts._replace(query=query).geturl()


def _is_printable(text: str) -> bool:
    """Whether it may stand in a header as it is."""
    return text.isascii() and text.isprintable()


ROUTE = Route(
    name="PostObject",
    method="POST",
    level="bucket",
    writes=True,
    handle=post_object,
)
