"""What the tests of refused requests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest

from holdall.s3.errors import S3Error

KEY: Final = "AKIAIOSFODNN7EXAMPLE"
SECRET: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW: Final = datetime(2013, 5, 24, 12, tzinfo=UTC)


def refused(code: str, call: Callable[[], object]) -> S3Error:
    """The error of that code which the call raises."""
    with pytest.raises(S3Error) as caught:
        call()
    assert caught.value.code == code
    return caught.value
