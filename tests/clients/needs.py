"""What a test of a foreign client needs: the client itself, contents, odd keys, a shell."""

from __future__ import annotations

import importlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

import pytest

from holdall.testing.server import Account, Running

MIB: Final = 1024 * 1024
LARGE: Final = random.Random(3).randbytes(21 * MIB + 17)
"""More than what any of the clients sends in one part."""

SMALL: Final = {
    "plain.txt": b"plain",
    "empty": b"",
    "dir/a b.txt": b"a space",
    "dir/sub/plus+percent%41.txt": b"plus and percent",
    "dir/ünï/日本.txt": b"letters of others",
    "dir/quote'and&.txt": b"quote and ampersand",
}
"""Names that are files too, so that programs which copy folders can carry them."""

KEYS_ONLY: Final = ("a//b", "//", "a/../b", "./a", "~", "a?b#c", " lead and trail ")
"""Keys that are no names of files."""

KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")


def missing(what: str) -> NoReturn:
    """Skip; or fail, where it is said that every client is there."""
    reason = f"{what} is not installed"
    if os.environ.get("HOLDALL_REQUIRE_CLIENTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def module(name: str) -> Any:
    """The Python package of a client."""
    try:
        found: ModuleType = importlib.import_module(name)
    except ImportError:
        missing(name)
    return found


def program(name: str) -> str:
    """The path of a client: of this environment first, then of the machine."""
    here = Path(sys.executable).parent / name
    found = str(here) if here.exists() else shutil.which(name)
    return found or missing(name)


def environment(account: Account, home: Path, **more: str) -> dict[str, str]:
    """Variables that name one account, and nothing of the machine's own settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": account.access_key,
        "AWS_SECRET_ACCESS_KEY": account.secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LC_ALL": "C.UTF-8",
        **more,
    }


class Shell:
    """Runs one program with one environment. What it prints is shown when it fails."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._command, self._environment, self._folder = command, environment, folder

    def __call__(self, *arguments: object, fails: bool = False) -> str:
        done = subprocess.run(
            [*self._command, *map(str, arguments)],
            env=dict(self._environment),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=100,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        complaint = done.stderr.decode(errors="replace")
        assert (done.returncode != 0) == fails, f"{arguments}\n{said}\n{complaint}"
        return said + complaint if fails else said


def lay(folder: Path, contents: Mapping[str, bytes]) -> Path:
    """Write files, by their paths below the folder."""
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def gather(folder: Path) -> dict[str, bytes]:
    """What `lay` wrote, or a client brought."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def client_of(server: Running, account: Account | None = None, **settings: Any) -> Any:
    """A boto3 client with its defaults, to prepare and to look after other clients."""
    boto3 = module("boto3")
    account = account or server.alice
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret_key,
        region_name="us-east-1",
        **settings,
    )


def held(server: Running, bucket: str) -> dict[str, bytes]:
    """Every object of a bucket, as boto3 reads it."""
    client = client_of(server)
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            answer = client.get_object(Bucket=bucket, Key=entry["Key"])
            found[entry["Key"]] = answer["Body"].read()
    return found
