"""Where a file comes from and where it goes, as progress events name it."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True, slots=True)
class Route:
    """Both ends of one transfer."""

    src: URL
    dst: URL
