"""An access key that a request may be signed with."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdall.server.authorisation import Caller


@dataclass(frozen=True, slots=True)
class Key:
    """An access key that was found: what it proves, and what proves it.

    `parent` is the key that temporary credentials were made with, None for permanent ones.
    """

    id: str
    secret: str = field(repr=False)
    caller: Caller
    parent: str | None = None
