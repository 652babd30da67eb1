"""A short run of the guided fuzzer on each reader; a long one is `guided.py` by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .documents import SEEDS
from .readers import ENCODED, FORM, READERS, Framing

pytest.importorskip("atheris", reason="Atheris has no wheel for this Python")

ROOT = Path(__file__).parents[3]
RUNS = 1000
MORE_SEEDS = {
    "chunked": ENCODED[Framing.UNSIGNED_TRAILER],
    "chunked-signed": ENCODED[Framing.SIGNED_TRAILER],
    "form": FORM,
    "form-policy": b'{"expiration":"2099-01-01T00:00:00Z","conditions":[["eq","$key","a"]]}',
    "session-policy": b'{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}',
    "xml": b"<a><b>c</b></a>",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_no_reader_breaks(name: str, tmp_path: Path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes({**SEEDS, **MORE_SEEDS}[name])
    options = [f"-runs={RUNS}", "-timeout=10", "-rss_limit_mb=1024", "-seed=1", "-max_len=4096"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.server.fuzz.guided", name),
            *(*options, f"-artifact_prefix={tmp_path}/", str(corpus)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-3000:]
