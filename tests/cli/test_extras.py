"""Commands where a library is missing that comes with an extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdall.cli.extras import why_missing

# A library that is None in `sys.modules` cannot be imported.
_WITHOUT = """
import sys
for name in {missing!r}.split():
    sys.modules[name] = None
from holdall.cli.main import main
sys.argv[1:] = {arguments!r}
main()
"""


def without(missing: str, home: Path, *arguments: str) -> tuple[int, str]:
    code = _WITHOUT.format(missing=missing, arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        env={"HOME": str(home), "PATH": "/nowhere"},
        timeout=60,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("missing", "extra", "arguments"),
    [
        ("cryptography", "server", ("serve", "store")),
        ("fastapi", "server", ("serve", "store")),
        ("psycopg", "postgres", ("serve", "store", "--catalog", "postgresql://nowhere/x")),
        ("aiohttp", "s3", ("keys", "--help")),
        ("aiohttp", "s3", ("login", "http://127.0.0.1:9")),
        ("aiohttp", "s3", ("--store", "s3://", "ls")),
        ("azure", "azure", ("--store", "az://account", "ls")),
        ("google", "gcs", ("--store", "gs://project", "ls")),
    ],
)
def test_the_extra_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    extra: str,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = without(missing, tmp_path, *arguments)
    wanted = f"this needs the extra holdall[{extra}] (pip install 'holdall[{extra}]')"
    assert (code, said) == (1, f"holdall: {wanted}\n")


def test_s3_without_a_key(tmp_path: Path) -> None:
    code, said = without("botocore", tmp_path, "--store", "s3://", "ls")
    assert code == 1
    assert said.startswith("holdall: no key for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_")
    assert "pip install botocore" in said


def test_a_module_of_our_own_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    assert why_missing(ModuleNotFoundError("no", name="holdall.nothing")) is None
    _, said = without("holdall.cli.commands.ls", tmp_path, "ls")
    assert "Traceback" in said
