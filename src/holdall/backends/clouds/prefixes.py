"""Which keys a listing shows as one."""

from __future__ import annotations


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that hides a key, or that it is itself; None where it is shown."""
    rest = key[len(prefix) :]
    if not delimiter or not key.startswith(prefix) or delimiter not in rest:
        return None
    return prefix + rest[: rest.index(delimiter) + len(delimiter)]
