"""GetSessionToken: temporary credentials of the caller's own (AWS STS)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from holdall.s3.times import to_iso
from holdall.s3.xml import Node
from holdall.server.sessions import Session
from holdall.server.sts import StsCall, invalid

SHORTEST: Final = 900
LONGEST: Final = 129_600
DEFAULT: Final = 43_200
"""Seconds."""


async def get_session_token(call: StsCall) -> list[Node]:
    lifetime = duration(call, DEFAULT, LONGEST)
    session, token = call.site.sessions.make(call.key, lifetime)
    return [("Credentials", credentials(session, token))]


def duration(call: StsCall, default: int, longest: int) -> timedelta:
    text = call.form.get("DurationSeconds")
    if text is None:
        return timedelta(seconds=default)
    if not (text.isascii() and text.isdigit() and SHORTEST <= int(text[:9]) <= longest):
        raise invalid(f"DurationSeconds must be between {SHORTEST} and {longest}.")
    return timedelta(seconds=int(text))


def credentials(session: Session, token: str) -> list[Node]:
    return [
        ("AccessKeyId", session.access_key),
        ("SecretAccessKey", session.secret_key),
        ("SessionToken", token),
        ("Expiration", to_iso(session.expires)),
    ]
