"""The JavaScript SDK, version 3 (npm): what it does is written in `javascript/client.mjs`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .needs import Shell, environment, missing, program

HERE = Path(__file__).parent / "javascript"


@pytest.fixture(params=["http", "https"])
def running(request):
    return request.getfixturevalue("server" if request.param == "http" else "https")


def test_the_sdk(running, name, tmp_path):
    node = program("node")
    if not (HERE / "node_modules").is_dir():
        missing("the JavaScript SDK")
    settings = environment(
        running.alice,
        tmp_path,
        HOLDALL_ENDPOINT=running.endpoint,
        HOLDALL_BUCKET=name,
        NODE_NO_WARNINGS="1",
    )
    said = Shell([node, "--test-reporter=tap"], settings, HERE)("client.mjs")
    assert "# fail 0" in said
    assert "# pass 0" not in said
