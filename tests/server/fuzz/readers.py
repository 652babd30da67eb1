"""The readers of what strangers send, each as one function of bytes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any, Final

from holdall.s3 import checksums, postpolicy, times, xml
from holdall.s3.chunked import Decoder, Encoder, Framing
from holdall.s3.signing import Chain, Scope, signing_key
from holdall.server import (
    cors_rules,
    encryption_rules,
    forms,
    locks,
    notifications,
    tag_sets,
)
from holdall.server.access import (
    acl_documents,
    acls,
    context,
    identity,
    ownership,
    policies,
    public_access,
)
from holdall.server.access.grantees import Directory
from holdall.server.body import Body
from holdall.server.lifecycle import documents as lifecycle_documents

PEOPLE = Directory(lambda id: None, lambda email: None)
OWNER = acls.User("a", "alice")
SOMEBODY = identity.Identity(kind="user", user="alice", canonical_id="a" * 64)
NOW = times.from_amz("20260101T000000Z")
assert NOW is not None


def kept_lifecycle(body: bytes) -> None:
    """As it is stored, and shown again."""
    found = lifecycle_documents.from_xml(body, None)
    stored = lifecycle_documents.from_setting(lifecycle_documents.to_setting(found))
    lifecycle_documents.to_xml(stored)


def kept_retention(body: bytes) -> None:
    found = locks.retention_from_xml(body, NOW)
    if found is not None:
        kept = locks.retention_of({"retention": found.to_mark()})
        assert kept is not None
        kept.to_xml()


DOCUMENTS: Final[dict[str, Callable[[bytes], object]]] = {
    "acl": lambda body: acl_documents.from_xml(body, OWNER, PEOPLE),
    "cors": cors_rules.from_xml,
    "encryption": encryption_rules.from_xml,
    "legal-hold": locks.hold_from_xml,
    "lifecycle": kept_lifecycle,
    "notification": notifications.from_xml,
    "object-lock": locks.default_from_xml,
    "ownershipControls": ownership.from_xml,
    "publicAccessBlock": public_access.from_xml,
    "retention": kept_retention,
    "tagging": lambda body: tag_sets.from_xml(body, 10),
}


def judged(body: bytes) -> object:
    policy = policies.parse(body, "box")
    facts = context.Context({"aws:SourceIp": "127.0.0.1", "s3:prefix": "a"}, {})
    return policy.verdict(SOMEBODY, "s3:GetObject", "arn:aws:s3:::box/" + "a" * 50, facts)


def chain() -> Chain:
    scope = Scope("20260101", "us-east-1", "s3")
    return Chain(signing_key("secret", scope), "20260101T000000Z", scope, "0" * 64)


FRAMINGS = {
    Framing.SIGNED: (True, None),
    Framing.SIGNED_TRAILER: (True, "crc32"),
    Framing.UNSIGNED_TRAILER: (False, "crc32"),
}


def encoded(framing: Framing, content: bytes) -> bytes:
    signed, algorithm = FRAMINGS[framing]

    async def source() -> Any:
        yield content

    async def collected() -> bytes:
        encoder = Encoder(source(), chain=chain() if signed else None, algorithm=algorithm)
        return b"".join([piece async for piece in encoder])

    return asyncio.run(collected())


ENCODED = {framing: encoded(framing, b"content" * 3000) for framing in Framing}


def decode(framing: Framing, pieces: list[bytes], found: list[bytes]) -> None:
    signed, algorithm = FRAMINGS[framing]
    names = (checksums.header_name(algorithm),) if algorithm else ()
    decoder = Decoder(framing, 21_000, names, chain() if signed else None, "AK")
    for piece in pieces:
        found += decoder.feed(piece)
        assert sum(map(len, found)) <= 21_000
    decoder.finish()


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na/${filename}\r\n'
    b'--b\r\nContent-Disposition: form-data; name="acl"\r\n\r\nprivate\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
    b"Content-Type: text/plain\r\n\r\nthe content\r\n--b--\r\n"
)


async def read_form(body: bytes, size: int) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    async def receive() -> Any:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    form = await forms.read(Body(receive, len(body)), "multipart/form-data; boundary=b")
    async for _ in form.content:
        pass


def checked_form(body: bytes) -> None:
    policy = postpolicy.parse(base64.b64encode(body).decode())
    policy.check({"key": "a", "acl": "private"}, "box", NOW)
    policy.check_length(5)


def decoded_in_two(framing: Framing) -> Callable[[bytes], object]:
    return lambda body: decode(framing, [body[:100], body[100:]], [])


READERS: Final[dict[str, Callable[[bytes], object]]] = {
    **DOCUMENTS,
    "chunked": decoded_in_two(Framing.UNSIGNED_TRAILER),
    "chunked-signed": decoded_in_two(Framing.SIGNED_TRAILER),
    "form": lambda body: asyncio.run(read_form(body, 20)),
    "form-policy": checked_form,
    "policy": judged,
    "session-policy": policies.parse_session,
    "xml": lambda body: xml.parse(body, "a"),
}
