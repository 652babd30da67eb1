"""The long names that S3 gives to accounts, derived from ours."""

from __future__ import annotations

import hashlib
from functools import lru_cache


@lru_cache(maxsize=4096)
def canonical_id(user: str) -> str:
    """The canonical user id of a user: 64 hexadecimal digits that tell nothing else."""
    return hashlib.sha256(b"holdall account " + user.encode()).hexdigest()


@lru_cache(maxsize=4096)
def account_number(user: str) -> str:
    """The twelve digits of an account, by which ARNs name it."""
    return f"{int(canonical_id(user)[:16], 16) % 10**12:012}"
