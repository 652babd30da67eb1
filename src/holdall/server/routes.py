"""What an operation is: how a request is recognised as it, and what it demands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from holdall.server.response import Response

if TYPE_CHECKING:
    from holdall.server.call import Call

Level = Literal["service", "bucket", "object"]
AclPermission = Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP"]
Handler = Callable[["Call"], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One S3 operation.

    `query` are the names that its query must have. `copies` tells the operations apart
    that differ only in the header `x-amz-copy-source`. `action` is what a policy must
    allow, `versioned_action` what it must when the request names a version; without an
    action the operation decides by itself. `acl` is the grant that also allows it.
    """

    name: str
    method: str
    level: Level
    handle: Handler
    query: frozenset[str] = frozenset()
    copies: bool = False
    action: str | None = None
    versioned_action: str | None = None
    acl: AclPermission | None = None
    writes: bool = False
    makes_bucket: bool = False
    """The bucket need not exist yet."""
