"""Secrets stay secret: a server's output over a run of everything holds none of them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from holdall.s3.signing import Credentials, presign, sign_headers
from holdall.server.state import now
from holdall.server.table import ROUTES

from ..matrix.asking import asking
from ..matrix.world import Place
from .sockets import everything, spelled

PLACE = Place("box", "null", "0" * 32, '"0"')
CONTENT = "content-that-nobody-else-reads"


class Served:
    """A server program. `told` are the secrets that it knows, `sealed` those of them that it
    made and keeps, if at all, so that its files alone do not give them away."""

    def __init__(self, port: int, root: Credentials) -> None:
        self.port = port
        self.root = root
        self.told = {root.secret_key}
        self.sealed = set[str]()

    def ask(
        self,
        who: Credentials | None,
        method: str,
        path: str,
        query: str = "",
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        service: str = "s3",
    ) -> bytes:
        kept = {"host": f"127.0.0.1:{self.port}", "connection": "close", **(headers or {})}
        kept["content-length"] = str(len(body))
        if who is not None:
            kept |= sign_headers(
                who, method, path, query, kept, digest(body), "us-east-1", service, now()
            )
        return self.send(spelled(method, f"{path}?{query}".rstrip("?"), kept) + body)

    def send(self, raw: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall(raw)
            return everything(connection)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@contextmanager
def program(directory: Path, output: Path, *options: str) -> Iterator[Served]:
    """`holdall serve`, and all that it writes, in a file."""
    root = Credentials("AK" + secrets.token_hex(8).upper(), secrets.token_hex(20))
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": root.access_key,
        "AWS_SECRET_ACCESS_KEY": root.secret_key,
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        sys.executable,
        "-m",
        "holdall.cli.main",
        "serve",
        str(directory),
        "--port",
        "0",
        *options,
    ]
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        yield Served(port_of(process, output), root)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def port_of(process: subprocess.Popen[bytes], output: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", output.read_text())
        if found is not None:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {output.read_text()}")


@pytest.mark.slow
@pytest.mark.parametrize("style", ["plain", "json"])
def test_no_output_holds_a_secret(tmp_path: Path, style: str):
    output = tmp_path / "output"
    with program(tmp_path / "store", output, "--log", style) as served:
        wait_until_it_answers(served)
        ask_for_everything(served)
        make_secrets(served)
        use_wrongly(served)
    written = output.read_text()
    assert "PutObject" in written, "the requests were not logged"
    assert len(served.told) > 6
    assert [secret for secret in served.told if secret in written] == []
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert served.root.secret_key.encode() in kept, "its own key is kept in a private file"
    assert [secret for secret in served.sealed if secret.encode() in kept] == []


def wait_until_it_answers(served: Served) -> None:
    for _ in range(200):
        try:
            if b" 200 " in served.ask(None, "GET", "/healthz"):
                return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def ask_for_everything(served: Served) -> None:
    """Of every operation, by somebody, by nobody, and by a forger."""
    assert b" 200 " in served.ask(served.root, "PUT", "/box")[:20]
    body = CONTENT.encode()
    served.told.add(CONTENT)
    assert b" 200 " in served.ask(served.root, "PUT", "/box/kept", body=body)[:20]
    forger = Credentials(served.root.access_key, "a-wrong-secret-" + secrets.token_hex(8))
    served.told.add(forger.secret_key)
    for route in ROUTES:
        if route.name in ("DeleteBucket", "DeleteObject", "DeleteObjects"):
            continue
        for who in (served.root, None, forger):
            ask = asking(route, route.name, PLACE, who, "kept")
            served.ask(who, ask.method, ask.path, ask.query, headers=ask.headers, body=ask.body)


def make_secrets(served: Served) -> None:
    """Keys, temporary credentials, a webhook: whatever the server makes up."""
    made = control(served, "/api/v1/users", name="carol")
    assert made["name"] == "carol"
    key = control(served, "/api/v1/keys", name="laptop")
    hook = control(served, "/api/v1/webhooks", name="hook", url="https://example.com/hook")
    query = b"Action=GetSessionToken&Version=2011-06-15"
    form = {"content-type": "application/x-www-form-urlencoded"}
    session = served.ask(served.root, "POST", "/", headers=form, body=query, service="sts")
    found = [
        re.search(rb"<%s>([^<]*)" % name, session) for name in (b"SecretAccessKey", b"SessionToken")
    ]
    assert all(found), session
    served.sealed |= {match[1].decode() for match in found if match}
    served.sealed |= {key["secret_key"], hook["secret"]}
    served.told |= served.sealed


def control(served: Served, path: str, **fields: Any) -> dict[str, Any]:
    body = json.dumps(fields).encode()
    answer = served.ask(
        served.root, "POST", path, headers={"content-type": "application/json"}, body=body
    )
    head, _, content = answer.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 20\d", head), answer
    found: dict[str, Any] = json.loads(content)
    return found


def use_wrongly(served: Served) -> None:
    """Secrets where they do not belong, or with something else amiss."""
    customer = base64.b64encode(secrets.token_bytes(32)).decode()
    token = secrets.token_hex(30)
    served.told |= {customer, token}
    headers = {
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "x-amz-server-side-encryption-customer-key": customer,
        "x-amz-server-side-encryption-customer-key-md5": "AAAA",
    }
    served.ask(served.root, "PUT", "/box/sealed", headers=headers, body=b"a")
    served.ask(None, "GET", "/box/kept", headers={"x-amz-security-token": token})
    served.ask(None, "GET", "/box/kept", headers={"authorization": f"Bearer {token}"})
    served.ask(None, "GET", "/box/kept", f"X-Amz-Security-Token={token}&X-Amz-Signature={token}")
    host = {"host": f"127.0.0.1:{served.port}"}
    added = presign(served.root, "GET", "/box/kept", "", host, 60, "us-east-1", "s3", now())
    served.told.add(added["X-Amz-Signature"])
    query = "&".join(f"{name}={value.replace('/', '%2F')}" for name, value in added.items())
    assert b" 200 " in served.ask(None, "GET", "/box/kept", query)[:20]
    served.send(
        b"GET /box HTTP/1.1\r\nauthorization: " + token.encode() + b"\r\nbad header\r\n\r\n"
    )
