"""Which parts of a key may become a name on disk: pure rules, no I/O."""

from __future__ import annotations

import os
import re

_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATORS = {os.sep, os.altsep or "/"} - {"/"}


def why_unsafe(segment: str, *, first: bool) -> str | None:
    """Why one `/`-separated part of a key cannot be a file or folder name, or None.

    Empty parts and `.` are refused with the dangerous ones: `a//b`, `a/./b` and `a/b` are
    three keys and would be one path. `first` is true of the part right below the target,
    where an empty one would make the path absolute and `C:` would name a drive.
    """
    if segment == "":
        return "the key is absolute" if first else "a part of the key is empty"
    if segment in (".", ".."):
        return f"a part of the key is {segment!r}"
    if "\0" in segment:
        return "the key holds NUL"
    if (first or os.name == "nt") and _DRIVE.match(segment):
        return "a part of the key begins with a drive letter"
    if any(separator in segment for separator in _SEPARATORS):
        return "the key holds this system's path separator"
    return None
