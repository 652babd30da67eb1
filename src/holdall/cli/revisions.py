"""How an argument names a revision."""

from __future__ import annotations

import re
from typing import Final

RevisionRef = int | str | None

_NUMBER: Final = re.compile(r"-?[0-9]+")


def revision_ref(text: str | None) -> RevisionRef:
    """A number (0 the original, -1 the newest) or a version id; None is the current one."""
    if text is None:
        return None
    return int(text) if _NUMBER.fullmatch(text) else text
