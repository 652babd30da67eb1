"""All that is measured of the server."""

from __future__ import annotations

from pathlib import Path

from benchmarks.scale import Scale
from benchmarks.server import compared, crowded, stalled
from benchmarks.table import Line


async def measure(directory: Path, scale: Scale) -> list[Line]:
    return [
        *await compared.measure(directory / "compared", scale),
        *await crowded.measure(directory / "crowded", scale),
        *await stalled.measure(directory / "stalled", scale),
    ]
