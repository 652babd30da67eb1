"""A server's control plane as commands use it: requests are signed, errors are Holdall's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from holdall.cli.output import Output
from holdall.cli.profiles import Profile, find
from holdall.cli.running import run_without_store
from holdall.core.errors import (
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Timeout,
    TransferFailed,
)
from holdall.s3.client.causes import UNMADE, broke, unreached
from holdall.s3.client.once import sent_once
from holdall.s3.signing import sign_headers

PREFIX: Final = "/api/v1"
_PATIENCE: Final = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=90)
_KINDS: Final[Mapping[int, type[HoldallError]]] = {
    400: InvalidArgument,
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    422: InvalidArgument,
}
Json = Any


class Remote:
    """The control plane of one server, in the name of one access key."""

    def __init__(self, profile: Profile, session: aiohttp.ClientSession) -> None:
        self.profile = profile
        self._session = session

    async def get(self, path: str, **query: str) -> Json:
        return await self.send("GET", path, query=query)

    async def post(self, path: str, **body: Any) -> Json:
        return await self.send("POST", path, body=body)

    async def put(self, path: str, **body: Any) -> Json:
        return await self.send("PUT", path, body=body)

    async def patch(self, path: str, **body: Any) -> Json:
        return await self.send("PATCH", path, body=body)

    async def delete(self, path: str, **query: str) -> None:
        await self.send("DELETE", path, query=query)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        """The answer's document; None for an answer without one. Raises Holdall's errors."""
        async with self._request(method, path, query or {}, body) as answer:
            return await answer.json(content_type=None) if answer.status != 204 else None

    async def every(self, path: str, **query: str) -> AsyncIterator[Json]:
        """All of a list, as it comes."""
        async with self._request("GET", path, query, None, "application/x-ndjson") as answer:
            async for line in answer.content:
                yield json.loads(line)

    async def stream(self, path: str, **query: str) -> AsyncIterator[tuple[str, str]]:
        """Server-sent events, as pairs of an event's kind and its data."""
        async with self._request("GET", path, query, None, "text/event-stream") as answer:
            kind = ""
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, value

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
        accept: str = "application/json",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        data = b"" if body is None else json.dumps(body).encode()
        text = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query.items())
        raw = f"{PREFIX}{path}"
        url = URL(f"{self.profile.endpoint}{raw}{'?' + text if text else ''}", encoded=True)
        headers = self._signed(method, raw, text, data) | {"accept": accept}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            async with self._session.request(
                method,
                url,
                data=data or None,
                headers=headers,
                allow_redirects=False,
                middlewares=(sent_once,),
            ) as answer:
                if answer.status >= 300:
                    raise _error(answer.status, await answer.text())
                yield answer
        except UNMADE as error:
            raise TransferFailed(unreached(error)) from error
        except aiohttp.ClientError as error:
            raise TransferFailed(broke(error)) from error
        except TimeoutError as error:
            raise Timeout(f"{self.profile.endpoint} does not answer") from error

    def _signed(self, method: str, path: str, query: str, body: bytes) -> dict[str, str]:
        host = {"host": urlsplit(self.profile.endpoint).netloc}
        digest = hashlib.sha256(body).hexdigest()
        return host | sign_headers(
            self.profile.credentials,
            method,
            path,
            query,
            host,
            digest,
            self.profile.region,
            "holdall",
            datetime.now(UTC),
        )


def segment(text: str) -> str:
    """A name as a part of a path."""
    return quote(text, safe="")


def _error(status: int, text: str) -> HoldallError:
    kind = _KINDS.get(status, TransferFailed)
    try:
        problem = json.loads(text)
        return kind(_said(problem), code=problem["code"], request_id=problem["request_id"])
    except (ValueError, KeyError, TypeError):
        return kind(f"the server answered {status}")


def _said(problem: Mapping[str, Any]) -> str:
    faults = "; ".join(f"{fault['where']}: {fault['what']}" for fault in problem["faults"])
    return f"{problem['detail']} {faults}".strip()


@asynccontextmanager
async def reached(profile: Profile) -> AsyncIterator[Remote]:
    """The control plane of a profile's server."""
    async with aiohttp.ClientSession(timeout=_PATIENCE, auto_decompress=False) as session:
        yield Remote(profile, session)


Work = Callable[[Remote, Output], Coroutine[Any, Any, None]]


def run_remote(work: Work, *, profile: str | None, store: str, json: bool) -> NoReturn:
    """Do `work` on the server of a profile; always leaves by `typer.Exit`."""

    async def opened(output: Output) -> None:
        async with reached(find(profile, store)) as remote:
            await work(remote, output)

    run_without_store(opened, json=json)
