"""AssumeRole: temporary credentials of the caller's own, narrowed by a policy (AWS STS).

There are no roles here: whatever the role is called, the credentials reach no further than
the key that asks for them, and less far where the request brings a session policy.
"""

from __future__ import annotations

import re
from typing import Final

from holdall.s3.xml import Node
from holdall.server.access.policies import MAX_SESSION_BYTES
from holdall.server.operations.get_session_token import credentials, duration
from holdall.server.sts import StsCall, invalid

DEFAULT: Final = 3600
LONGEST: Final = 43_200
"""Seconds."""

_SESSION: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


async def assume_role(call: StsCall) -> list[Node]:
    name = call.form.get("RoleSessionName") or "holdall"
    if not _SESSION.fullmatch(name):
        raise invalid("RoleSessionName has 2 to 64 of A-Z a-z 0-9 _ + = , . @ -")
    policy = call.form.get("Policy") or None
    if policy is not None and len(policy) > MAX_SESSION_BYTES:
        raise invalid(f"Policy has at most {MAX_SESSION_BYTES} characters.")
    lifetime = duration(call, DEFAULT, LONGEST)
    session, token = call.site.sessions.make(call.key, lifetime, policy=policy)
    account = call.key.caller.account
    arn = f"arn:aws:sts::{account}:assumed-role/{call.key.caller.user}/{name}"
    return [
        ("AssumedRoleUser", [("Arn", arn), ("AssumedRoleId", f"{session.access_key}:{name}")]),
        ("Credentials", credentials(session, token)),
    ]
