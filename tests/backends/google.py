"""Google for tests: fake-gcs-server behind a door that looks at access tokens, and the two
services that give such tokens out."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from yarl import URL

from holdall.backends.gcs import GcsBackend
from holdall.backends.gcs.backend import FAKE
from holdall.payloads.gcs import GcsClient
from holdall.testing.gcs import GcsServer

GIVEN = "given-by-somebody-else"
"""An access token that is good."""


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """Each name's own."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account(token_uri: str, name: str = "me") -> str:
    """A key as Google hands it out. That of "me" is known to `Google`."""
    pem = private_key(name).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "tester",
            "client_email": "me@tester.iam.gserviceaccount.com",
            "private_key": pem.decode(),
            "token_uri": token_uri,
        }
    )


class Google:
    """`narrowed` are the boundaries that tokens were confined to; `narrows` says whether any
    are, and `presented` are the tokens that came to the door."""

    def __init__(self, storage: str) -> None:
        self.endpoint = ""
        self.narrows = True
        self.narrowed: list[dict[str, Any]] = []
        self.presented: list[str] = []
        self._tokens = {GIVEN}
        self._storage = storage

    @property
    def token_uri(self) -> str:
        return f"{self.endpoint}/token"

    @property
    def key(self) -> str:
        return service_account(self.token_uri)

    def _made(self, kind: str) -> web.Response:
        token = f"{kind}-{len(self._tokens)}"
        self._tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 1800})

    async def _give(self, request: web.Request) -> web.Response:
        signed, _, signature = str((await request.post())["assertion"]).rpartition(".")
        try:
            private_key("me").public_key().verify(
                base64.urlsafe_b64decode(signature + "=="),
                signed.encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return self._made("wide")

    async def _narrow(self, request: web.Request) -> web.Response:
        asked = await request.post()
        if not self.narrows or asked["subject_token"] not in self._tokens:
            return web.json_response({"error": "invalid_grant"}, status=400)
        (rule,) = json.loads(unquote(str(asked["options"])))["accessBoundary"][
            "accessBoundaryRules"
        ]
        self.narrowed.append(rule)
        return self._made("narrow")

    async def _door(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens and "X-Goog-Signature" not in request.query:
            reason = {"message": "hunter2", "errors": [{"reason": "authError"}]}
            return web.json_response({"error": reason}, status=401)
        self.presented.append(token)
        url = URL(self._storage + request.raw_path, encoded=True)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("host", "content-length", "transfer-encoding")
        }
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, url, data=await request.read(), headers=headers
            ) as answer,
        ):
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in ("content-length", "transfer-encoding", "connection")
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


@pytest.fixture
async def cloud(gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Google]:
    """It narrows tokens in place of Google's own service, whose address is fixed."""
    made = Google(gcs_server.endpoint_url)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/token", made._give)
    app.router.add_post("/sts", made._narrow)
    app.router.add_route("*", "/{any:.*}", made._door)
    async with TestServer(app) as running:
        made.endpoint = str(running.make_url("")).rstrip("/")
        monkeypatch.setattr("holdall.payloads.gcs.tokens.NARROWING", f"{made.endpoint}/sts")
        yield made


@pytest.fixture
async def gcs(gcs_server: GcsServer) -> AsyncIterator[GcsBackend]:
    """The whole project."""
    client = GcsClient(None, gcs_server.project, endpoint=gcs_server.endpoint_url)
    backend = GcsBackend(client, capabilities=FAKE)
    yield backend
    await backend.aclose()
