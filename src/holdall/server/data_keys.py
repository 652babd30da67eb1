"""What the data keys of encrypted objects are wrapped with: the server's key, or a customer's."""

from __future__ import annotations

from typing import Final

from holdall.core.errors import WrongKey
from holdall.engine.sealing import Seal
from holdall.server.sealing import Broken, Master, Sealer

PURPOSE: Final = "sse-s3"


class WrappingKey:
    """Wraps data keys for the engine, and unwraps those that it wrapped."""

    def __init__(self, key: Master, purpose: str, *, opaque: bool = False) -> None:
        """`opaque` as in `Seal`. `ValueError` unless the key has 32 bytes."""
        self._sealer = Sealer(key, purpose)
        self.seal = Seal(self._sealer.seal, opaque)

    def unseal(self, wrapped: bytes) -> bytes:
        """The data key. `WrongKey`."""
        try:
            return self._sealer.unseal(wrapped)
        except Broken:
            raise WrongKey("These bytes were encrypted with another key.") from None


def server_key(master: Master) -> WrappingKey:
    """For SSE-S3: a key of its own, derived from the server's master keys."""
    return WrappingKey(master, PURPOSE)


def customer_key(key: bytes) -> WrappingKey:
    """For SSE-C, where entity tags must not tell of the bytes (S3 "Object ETag")."""
    return WrappingKey(key, "sse-c", opaque=True)
