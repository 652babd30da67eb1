"""Which tests of the exam which backend skips, and the ability it lacks: a table in Markdown.

`python -m holdall.testing.table` prints it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from holdall.backends.azure import backend as azure
from holdall.backends.engine import EngineBackend
from holdall.backends.gcs import backend as gcs
from holdall.backends.remote import RemoteBackend
from holdall.backends.s3 import providers
from holdall.core.values import Capabilities
from holdall.testing.backends import BackendTests

BACKENDS: Final = MappingProxyType(
    {
        "engine": EngineBackend.capabilities,
        "S3: Amazon": providers.AWS,
        "S3: Holdall": providers.HOLDALL,
        "S3: SeaweedFS": providers.SEAWEED,
        "S3: moto": providers.MOTO,
        "Azure": azure.ABILITIES,
        "Google": gcs.ABILITIES,
        "Google: fake-gcs-server": gcs.FAKE,
        "a server": RemoteBackend.capabilities,
    }
)


def rows(backends: Mapping[str, Capabilities]) -> Iterator[str]:
    """The table: a line for each test that anybody skips, and how many each one sits."""
    tests = dict(_tests())
    yield _row("test", *backends)
    yield _row(*["---"] * (len(backends) + 1))
    for name, needed in tests.items():
        lacking = [_lacking(needed, able) for able in backends.values()]
        if any(lacking):
            yield _row(name, *lacking)
    sat = [
        sum(not _lacking(needed, able) for needed in tests.values()) for able in backends.values()
    ]
    yield _row(f"of {len(tests)} tests", *(str(count) for count in sat))


def _tests() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, test in inspect.getmembers(BackendTests, inspect.isfunction):
        if name.startswith("test_"):
            yield name, getattr(test, "needs", ())


def _lacking(needed: tuple[str, ...], able: Capabilities) -> str:
    return ", ".join(ability for ability in needed if not getattr(able, ability))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.writelines(f"{row}\n" for row in rows(BACKENDS))
