"""The Security Token Service on `POST /`: AssumeRole and GetSessionToken (AWS STS API)."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from holdall.core.errors import HoldallError
from holdall.s3 import verifying, xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Node
from holdall.server import sending
from holdall.server.control.authenticating import whole_body
from holdall.server.control.problems import Refusal
from holdall.server.failures import translate
from holdall.server.keys import Key
from holdall.server.opening import Opened
from holdall.server.request import Receive, Request, Scope, Send
from holdall.server.response import Response

NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_SERVICES: Final = ("sts", "s3")
_log = logging.getLogger("holdall.server")


@dataclass(frozen=True, slots=True)
class StsCall:
    """One authenticated request; `form` are its parameters."""

    site: Opened
    key: Key
    form: Mapping[str, str] = field(repr=False)


class StsError(Exception):
    """An answer that is an error ("Common Errors" in the AWS STS API reference)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


def invalid(message: str) -> StsError:
    return StsError(400, "ValidationError", message)


Action = Callable[[StsCall], Awaitable[list[Node]]]


class StsApp:
    """Answers forms; `actions` are by the name of their `Action`."""

    def __init__(self, site: Opened, actions: Mapping[str, Action]) -> None:
        self._site = site
        self._actions = MappingProxyType(dict(actions))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, secrets.token_hex(8).upper())
        response = await self._respond(request)
        await sending.send(response, request, send, self._site.state)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except Exception as error:
            known = _known(error)
            if known.status >= 500:
                _log.error("request %s failed", request.id, exc_info=error)
            return _failure(known, request.id)

    async def _handle(self, request: Request) -> Response:
        body = await whole_body(request.receive, request.headers)
        key = await self._key(request, body)
        form = _form(body)
        name = form.get("Action", "")
        action = self._actions.get(name)
        if action is None:
            raise StsError(400, "InvalidAction", "Could not find operation for this version.")
        result = await action(StsCall(self._site, key, form))
        return _answer(name, result, request.id)

    async def _key(self, request: Request, body: bytes) -> Key:
        claim = verifying.claim(request.method, request.headers, request.query, services=_SERVICES)
        if claim is None:
            raise StsError(403, "MissingAuthenticationToken", "Request is missing a signature.")
        state = self._site.state
        key = await state.accounts.find(claim.access_key, claim.session_token)
        if key is None:
            message = "The security token included in the request is invalid."
            raise StsError(403, "InvalidClientTokenId", message)
        digest = hashlib.sha256(body).hexdigest()
        if claim.payload_hash not in (None, digest):
            raise S3Error("SignatureDoesNotMatch")
        verifying.verify(
            claim,
            request.method,
            request.raw_path,
            request.raw_query,
            request.headers,
            key.secret,
            state.now(),
            payload_hash=digest,
        )
        return key


def _form(body: bytes) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise StsError(400, "MalformedQueryString", "The form cannot be read.") from error


def _known(error: Exception) -> StsError:
    if isinstance(error, StsError):
        return error
    if isinstance(error, S3Error):
        code = "MalformedPolicyDocument" if error.code == "MalformedPolicy" else error.code
        return StsError(error.status, code, error.message)
    if isinstance(error, Refusal):
        return StsError(error.status, error.code, error.detail)
    if isinstance(error, HoldallError):
        found = translate(error)
        return StsError(found.status, found.code, found.message)
    return StsError(500, "InternalFailure", "We met an internal error. Please try again.")


def _answer(action: str, result: list[Node], request_id: str) -> Response:
    content: list[Node] = [
        (f"{action}Result", result),
        ("ResponseMetadata", [("RequestId", request_id)]),
    ]
    body = xml.render(f"{action}Response", content, namespace=NAMESPACE)
    return Response(200, [("content-type", "text/xml")], body)


def _failure(error: StsError, request_id: str) -> Response:
    kind = "Sender" if error.status < 500 else "Receiver"
    fault: list[Node] = [("Type", kind), ("Code", error.code), ("Message", error.message)]
    content: list[Node] = [("Error", fault), ("RequestId", request_id)]
    body = xml.render("ErrorResponse", content, namespace=NAMESPACE)
    return Response(error.status, [("content-type", "text/xml")], body)
