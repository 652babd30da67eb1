"""The bodies of requests."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """What a client asks for. A field that is not known is refused: it may be a misspelt one,
    and what is asked for without it another thing."""

    model_config = ConfigDict(extra="forbid")
