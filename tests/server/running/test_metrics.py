"""Figures for Prometheus."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from holdall.server.metrics import SHARED, Metrics

from .test_logs import EXCHANGE

OTHER = replace(EXCHANGE, operation="PutObject", status=200)


def figures(text: bytes) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items()) if sample.labels else ''}": sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_requests_are_counted_by_operation_and_status(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    for exchange in (EXCHANGE, EXCHANGE, OTHER):
        metrics.begin()
        metrics.count(exchange)
    metrics.begin()
    text, kind = metrics.exposition()
    found = figures(text)
    assert kind.startswith("text/plain")
    assert found["holdall_requests_total[('operation', 'GetObject'), ('status', '206')]"] == 2
    assert found["holdall_requests_total[('operation', 'PutObject'), ('status', '200')]"] == 1
    assert found["holdall_request_seconds_count[('operation', 'GetObject')]"] == 2
    assert (found["holdall_received_bytes_total"], found["holdall_sent_bytes_total"]) == (15, 21)
    assert found["holdall_requests_in_flight"] == 1


def test_the_disk_and_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(bytes(4096))
    found = figures(Metrics(tmp_path).exposition()[0])
    assert found["holdall_catalog_bytes"] == 4096
    assert found["holdall_catalog_log_bytes"] == 0
    assert found["holdall_disk_bytes"] >= found["holdall_disk_free_bytes"] > 0


def test_no_names_are_in_it(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.count(EXCHANGE)
    text = metrics.exposition()[0].decode()
    for name in ("box", "AKID", "10.1.2.3", str(tmp_path)):
        assert name not in text


def test_two_servers_do_not_share_figures(tmp_path: Path) -> None:
    one, other = Metrics(tmp_path), Metrics(tmp_path)
    one.count(EXCHANGE)
    assert "operation=" not in other.exposition()[0].decode()


PROGRAM = """
from pathlib import Path
from dataclasses import replace
from holdall.server.metrics import Metrics
from holdall.server.exchanges import Exchange
metrics = Metrics(Path("."))
metrics.count(Exchange("GET", "GetObject", None, None, "-", 200, 1, 2, 0.1, "-"))
print(metrics.exposition()[0].decode())
"""


def test_several_processes_count_together(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    for expected in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, SHARED: str(shared)},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        found = figures(done.stdout)
        label = "[('operation', 'GetObject'), ('status', '200')]"
        assert found[f"holdall_requests_total{label}"] == expected
        assert found["holdall_disk_bytes"] > 0
