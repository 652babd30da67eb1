"""Test suites for whoever writes a driver, and stores that fail on demand."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "holdall.testing.backends",
    "holdall.testing.catalogs",
    "holdall.testing.payloads",
    "holdall.testing.postgres",
)

from holdall.testing.payloads import (  # noqa: E402
    Fault,
    FaultPlan,
    FaultyPayloads,
    PayloadStoreTests,
    Step,
)

__all__ = ["Fault", "FaultPlan", "FaultyPayloads", "PayloadStoreTests", "Step"]
