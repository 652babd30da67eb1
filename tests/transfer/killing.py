"""Killing a transfer after a share of its bytes, and watching what is sent after that."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from holdall.client.progress import StorageProgressStep

VICTIM = Path(__file__).with_name("victim.py")
BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Killed:
    """What a victim had said when it was killed."""

    passed: int


def kill_at(store: Path, journal: Path, way: str, file: Path, uri: str, enough: int) -> Killed:
    """Transfer in another process and kill it (SIGKILL) when so many bytes have passed."""
    arguments = [str(store), str(journal), way, str(file), uri, str(enough)]
    command = [sys.executable, str(VICTIM), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        said = victim.stdout.readline()
        victim.kill()
    return Killed(int(said))


def fill(path: Path, size: int) -> str:
    """Write bytes that repeat nowhere; their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(0, size, BLOCK):
            block = hashlib.shake_128(number.to_bytes(8, "big")).digest(min(BLOCK, size - number))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_and_last(steps: list[StorageProgressStep]) -> tuple[int, int]:
    """The bytes that were there when it began, and those at the end."""
    return steps[0].current, steps[-1].current
