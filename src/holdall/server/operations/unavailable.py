"""Operations on objects that S3 has and Holdall has not: SelectObjectContent, torrents."""

from __future__ import annotations

from typing import Final

from holdall.s3.errors import S3Error
from holdall.server.call import Call
from holdall.server.response import Response
from holdall.server.routes import Route


async def unavailable(call: Call) -> Response:
    raise S3Error("NotImplemented", f"{call.route.name} is not implemented.")


SELECT: Final = Route(
    name="SelectObjectContent",
    method="POST",
    level="object",
    query=frozenset({"select"}),
    action="s3:GetObject",
    acl="READ",
    handle=unavailable,
)
TORRENT: Final = Route(
    name="GetObjectTorrent",
    method="GET",
    level="object",
    query=frozenset({"torrent"}),
    action="s3:GetObjectTorrent",
    acl="READ",
    handle=unavailable,
)
