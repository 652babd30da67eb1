"""Who is calling, as policies and access lists name people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`user` is the name here; `canonical_id` has 64 hexadecimal digits. `account` are twelve
    digits by which ARNs may name the user, empty where there are none."""

    kind: Literal["root", "user", "anonymous"]
    user: str = ""
    canonical_id: str = ""
    display_name: str = ""
    account: str = ""
