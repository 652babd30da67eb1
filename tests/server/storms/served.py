"""`holdall serve` in processes of its own, which can be killed all at once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config

PATIENCE = 60
KEYS = {"AWS_ACCESS_KEY_ID": "AKSTORMSTORMSTORMSTO", "AWS_SECRET_ACCESS_KEY": "secret-of-the-storm"}


class Served:
    """A server that answers, on a free port of loopback, until it is killed."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.began = time.monotonic()
        scratch = folder.with_name("scratch")  # what the dead leave there goes with the folder
        scratch.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "holdall.cli", "serve", str(folder), "--log", "quiet"),
                *("--port", "0", "--workers", str(workers)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **KEYS, "TMPDIR": str(scratch)},
            start_new_session=True,
        )
        try:
            self.endpoint = self._announced()
            self._await_health()
        except BaseException:
            self.kill()
            raise

    def _announced(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"http://\S+", line):
                return found.group()
        raise AssertionError("the server did not say where it listens")

    def _await_health(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urlopen(f"{self.endpoint}/healthz", timeout=5).close()
                return
            except (URLError, OSError):
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> list[int]:
        """The processes that do the work, where there are several."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        found = [int(pid) for pid in text.split()]
        return [pid for pid in found if b"spawn_main" in _command(pid)]

    def kill(self) -> None:
        """All of its processes, at the same moment, without a chance to say anything. Once."""
        if self._process.returncode is not None:
            return
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def client(self) -> Any:
        """One that tries each request once: what came of it must not be guessed."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=Config(
                signature_version="s3v4",
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                read_timeout=30,
            ),
        )


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""
