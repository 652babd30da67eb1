"""A whole server, as `holdall serve` runs it, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from uvicorn import Server

from holdall.cli.profiles import Profile
from holdall.cli.remote import Remote, reached
from holdall.server import serving
from holdall.server.first_start import Keys
from holdall.server.opening import initialise
from holdall.server.options import ServerOptions

ROOT = "admin"


@dataclass(frozen=True)
class Whole:
    """A server that answers. `profile` is its administrator's."""

    options: ServerOptions
    profile: Profile
    server: Server

    @property
    def endpoint(self) -> str:
        return self.profile.endpoint

    def with_key(self, made: dict[str, Any]) -> Profile:
        """The profile of a key, or of temporary credentials, that the control plane made."""
        return replace(
            self.profile,
            access_key=made.get("id") or made["access_key"],
            secret_key=made["secret_key"],
            session_token=made.get("session_token"),
        )


@contextmanager
def serving_whole(directory: Path, **options: Any) -> Iterator[Whole]:
    """Initialise a store, and serve it until the block is left."""
    wanted = ServerOptions(**{"directory": directory, "port": 0, "log": "quiet", **options})
    keys: Keys = asyncio.run(initialise(wanted, user=ROOT))
    listener = serving.bind(wanted)
    wanted = replace(wanted, port=listener.getsockname()[1])
    server = Server(serving.configure(wanted))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        _await_start(server, thread)
        port = listener.getsockname()[1]
        root = keys.root
        endpoint = f"{'https' if wanted.certfile else 'http'}://127.0.0.1:{port}"
        profile = Profile(endpoint, wanted.region, root.access_key, root.secret_key)
        yield Whole(wanted, profile, server)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


def _await_start(server: Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 30
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)


@asynccontextmanager
async def control(profile: Profile) -> AsyncIterator[Remote]:
    async with reached(profile) as remote:
        yield remote


def s3(profile: Profile, service: str = "s3") -> Any:
    """A client of boto3."""
    return boto3.client(
        service,
        endpoint_url=profile.endpoint,
        aws_access_key_id=profile.access_key,
        aws_secret_access_key=profile.secret_key,
        aws_session_token=profile.session_token,
        region_name=profile.region,
        config=Config(parameter_validation=service == "s3"),
    )
