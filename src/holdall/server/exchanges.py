"""One request with its answer, as logs and metrics tell of it: facts, and no secrets."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from holdall.s3.errors import S3Error
from holdall.server.request import Message, Receive, Request, Send

_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
_IN_HEADER: Final = re.compile(
    "Credential=([A-Za-z0-9._+@-]{1,128})/|AWS ([A-Za-z0-9._+@-]{1,128}):"
)
_IN_QUERY: Final = re.compile(
    rb"(?:^|&)(?:X-Amz-Credential|AWSAccessKeyId)=([A-Za-z0-9._+@-]{1,128})(?:%2F|/|&|$)",
    re.IGNORECASE,
)
_REQUEST_ID: Final = b"x-amz-request-id"


@dataclass(slots=True)
class Exchange:
    """`sent` and `received` are bytes of bodies, `seconds` the time until the last was handed
    over. `status` 0: the client went before there was an answer. The access key is what the
    request claims; it need not have been proved."""

    method: str
    operation: str
    bucket: str | None
    access_key: str | None
    client: str
    status: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    request_id: str = "-"


class Meter:
    """Stands between an application and its client, and counts."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.status = self.sent = self.received = 0
        self.request_id = "-"
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    def send(self, message: Message) -> Any:
        if message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.status = message["status"]
            self.request_id = _request_id(message["headers"])
        return self._send(message)

    def finished(self, request: Request, operation: str | None) -> Exchange:
        """`operation` None: the S3 operation that the request means."""
        return Exchange(  # by position: it is made for every request
            request.method,
            operation or request.operation,
            bucket_of(request) if operation is None else None,
            access_key_of(request),
            request.client or "-",
            self.status,
            self.sent,
            self.received,
            time.perf_counter() - self._began,
            self.request_id,
        )


def bucket_of(request: Request) -> str | None:
    """None for a name that could not be one of a bucket: logs do not repeat anything."""
    try:
        bucket = request.target.bucket
    except S3Error:
        return None
    return bucket if bucket and _BUCKET.fullmatch(bucket) else None


def access_key_of(request: Request) -> str | None:
    """What it claims; None for an unsigned one."""
    header = request.headers.get("authorization")
    if header is not None:
        match = _IN_HEADER.search(header)
        return match and (match[1] or match[2])
    found = _IN_QUERY.search(request.raw_query)
    return found and found[1].decode()


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == _REQUEST_ID:
            return value.decode("latin-1")
    return "-"
