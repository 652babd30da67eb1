"""What holds for every test: settings of the tools, and what several folders of tests use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import settings

from holdall.testing.postgres import postgres_schema, postgres_server

# Where tests/backends/install puts it.
os.environ.setdefault("HOLDALL_AZURITE", str(Path(__file__).parent / "backends" / "azurite"))

# No test asserts a time, and a busy machine is not a bug.
settings.register_profile("holdall", deadline=None, print_blob=True)
settings.load_profile("holdall")

__all__ = ["postgres_schema", "postgres_server"]


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused("NoSuchKey", 404) as refusal:` demands that S3 error."""
    return Refusal


class Refusal:
    def __init__(self, code: str, status: int) -> None:
        self.expected = (code, status)
        self.error: dict[str, Any] = {}
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Refusal:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        assert error is not None, f"{self.expected[0]} was expected, and all went well"
        if not isinstance(error, ClientError):
            return False
        self.error = error.response["Error"]
        meta = error.response["ResponseMetadata"]
        self.headers = meta["HTTPHeaders"]
        assert (self.error["Code"], meta["HTTPStatusCode"]) == self.expected, self.error
        return True
