"""watch: what happens below a name, in a directory."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from holdall.engine import watch
from tests.cli.conftest import Holdall


def _kinds(holdall: Holdall, uri: str, count: int, *more: object) -> list[tuple[str, str]]:
    told = holdall("watch", uri, "--count", count, "--json", *more)
    assert told.code == 0
    return [(event["kind"], event["uri"]) for event in told.documents]


def test_from_the_beginning_and_on_from_a_number(holdall: Holdall, bucket: str, tree: Path) -> None:
    for key in ("d", "d/one", "dx"):
        holdall("cp", "-T", tree / "one.txt", f"{bucket}/{key}")
    holdall("tag", f"{bucket}/d/one", "a=b")
    holdall("rm", f"{bucket}/d/one")
    made = ("bucket_created", "blob:docs")
    one = "blob:docs/d/one"
    below = [("written", one), ("tagged", one), ("deleted", one)]
    assert _kinds(holdall, f"{bucket}/d", 5, "--after", 0) == [
        made,
        ("written", "blob:docs/d"),
        *below,
    ]
    assert _kinds(holdall, f"{bucket}/d/", 4, "--after", 0) == [made, *below]
    events = holdall("watch", bucket, "--after", 0, "--count", 3, "--json").documents
    assert _kinds(holdall, f"{bucket}/d", 2, "--after", events[-1]["seq"]) == below[1:]


def test_lines_for_people(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/one%0A.txt")
    line = holdall("watch", bucket, "--after", 0, "--count", 2).lines[1].split()
    assert line[0] == "2"
    assert line[2:] == ["written", "blob:docs/one%0A.txt", "4"]


def test_wrong_usage(holdall: Holdall, bucket: str) -> None:
    assert holdall("watch", "blob:none").code == 3
    assert holdall("watch", "docs").code == 2
    assert holdall("watch", bucket, "--count", 0).code == 2


def test_what_another_process_does_is_told_as_it_happens(
    holdall: Holdall, bucket: str, tree: Path, store: Path
) -> None:
    watching = ("watch", bucket, "--after", "0", "--count", "2")
    command = [sys.executable, "-m", "holdall.cli", *watching]
    environment = {**os.environ, "HOLDALL_STORE": str(store)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, text=True) as watcher:
        assert watcher.stdout is not None
        assert watcher.stderr is not None
        assert "bucket_created" in watcher.stdout.readline()  # all there was is told
        assert not select.select([watcher.stdout], [], [], 2 * watch.POLL)[0]
        holdall("cp", tree / "one.txt", f"{bucket}/new")
        assert "blob:docs/new" in watcher.stdout.readline()
        assert watcher.wait(timeout=30) == 0
        assert watcher.stderr.read() == ""


def test_a_number_that_was_not_reached_is_said(bucket: str, store: Path) -> None:
    command = [sys.executable, "-m", "holdall.cli", "watch", bucket, "--after", "999999"]
    environment = {**os.environ, "HOLDALL_STORE": str(store)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, text=True) as watcher:
        assert watcher.stderr is not None
        assert "nothing happened to blob:docs after 999999 yet" in watcher.stderr.readline()
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(timeout=30) == 130
