"""`/metrics`: what the server did and how its store stands, for Prometheus to collect.

No name of a bucket, a key or a user is in it: whoever may ask for it, learns none.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from holdall.server.exchanges import Exchange

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which `prometheus_client` is told, before it is imported, that several
processes count together in the files of a folder."""

WAITING: Final = 100
"""Requests that may wait to be added up, which takes less time for many at once."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """The figures of one server, which may have several processes."""

    def __init__(self, directory: Path) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "holdall_requests",
            "Requests answered, by operation and status.",
            ["operation", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "holdall_request_seconds",
            "Time from a request's headers to the end of its answer.",
            ["operation"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._received = Counter(
            "holdall_received_bytes", "Bytes of request bodies.", registry=self.registry
        )
        self._sent = Counter(
            "holdall_sent_bytes", "Bytes of answers' bodies.", registry=self.registry
        )
        self._in_flight = Gauge(
            "holdall_requests_in_flight",
            "Requests being answered now.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._kinds: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._disk = _Disk(directory)
        self._flying = 0
        self._waiting: deque[Exchange] = deque()
        # What is in the files is asked for by other processes too.
        self._room = 0 if SHARED in os.environ else WAITING

    def begin(self) -> None:
        """A request is being answered, until it is counted."""
        self._flying += 1
        if not self._room:
            self._in_flight.set(self._flying)

    def count(self, exchange: Exchange) -> None:
        """`status` 0 stands for clients that did not wait for an answer."""
        self._flying -= 1
        self._waiting.append(exchange)
        if len(self._waiting) > self._room:
            self._settle()

    def _settle(self) -> None:
        """Also called by a thread, while others are counted: each is taken out once."""
        with suppress(IndexError):
            while True:
                self._add(self._waiting.popleft())
        self._in_flight.set(self._flying)

    def _add(self, exchange: Exchange) -> None:
        kind = exchange.operation, exchange.status
        if kind not in self._kinds:
            self._kinds[kind] = (
                self._requests.labels(exchange.operation, str(exchange.status)),
                self._seconds.labels(exchange.operation),
            )
        requests, seconds = self._kinds[kind]
        requests.inc()
        seconds.observe(exchange.seconds)
        if exchange.received:
            self._received.inc(exchange.received)
        if exchange.sent:
            self._sent.inc(exchange.sent)

    def exposition(self) -> tuple[bytes, str]:
        """The text, and its content type."""
        self._settle()
        registry = self.registry
        if SHARED in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        disk = CollectorRegistry()
        disk.register(self._disk)
        return generate_latest(registry) + generate_latest(disk), CONTENT_TYPE_LATEST


class _Disk(Collector):
    """How much room there is, and what the catalog takes of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        room = shutil.disk_usage(self._directory)
        yield GaugeMetricFamily("holdall_disk_bytes", "Size of the store's disk.", room.total)
        yield GaugeMetricFamily("holdall_disk_free_bytes", "Room left on it.", room.free)
        for part, name in (("", "catalog.db"), ("_log", "catalog.db-wal")):
            yield GaugeMetricFamily(
                f"holdall_catalog{part}_bytes", f"Size of {name}.", _size(self._directory / name)
            )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
