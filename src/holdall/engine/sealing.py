"""Sealed payloads: each is encrypted with a data key of its own, which is kept wrapped.

AES-256 in counter mode (NIST SP 800-38A, 6.5) keeps the size, and the counter is that of the
block in the payload: ranges, spans and copies of sealed bytes work as those of plain ones do.
Who wraps data keys, and with what, is the business of whoever asks for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from holdall.core.checksums import crc32c
from holdall.core.errors import WrongKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherContext

KEY_BYTES: Final = 32
AES_BLOCK: Final = 16
"""Bytes that share one value of the counter."""

Unseal = Callable[[bytes], bytes]
"""Gives the data key that was wrapped. `WrongKey` when it was not with this key."""


@dataclass(frozen=True, slots=True)
class Seal:
    """How new payloads are sealed: `wrap` makes of a data key what may be kept beside the bytes.

    `opaque` keeps the MD5 from being kept, so that the entity tag tells nothing of the bytes.
    """

    wrap: Callable[[bytes], bytes]
    opaque: bool = False


class Sealing:
    """The bytes of one payload on their way in. `crc32c` is that of the plain ones so far,
    `wrapped` the data key as it is kept."""

    def __init__(self, seal: Seal) -> None:
        # Never used for a second payload: the counter starts at nought in each.
        key = secrets.token_bytes(KEY_BYTES)
        self.opaque = seal.opaque
        self.wrapped = seal.wrap(key)
        self.crc32c = 0
        self._cipher = _cipher(key)

    def update(self, chunk: bytes) -> bytes:
        """The next bytes, sealed."""
        self.crc32c = crc32c(chunk, self.crc32c)
        return self._cipher.update(chunk)


def new_sealing(seal: Seal | None) -> Sealing | None:
    return None if seal is None else Sealing(seal)


async def sealed(sealing: Sealing | None, chunk: bytes) -> bytes:
    """The chunk as it is stored; as it is without a sealing. Not the event loop's work."""
    return chunk if sealing is None else await asyncio.to_thread(sealing.update, chunk)


class Opener:
    """Unseals payloads with one key, or with none; remembers the data keys that it met."""

    def __init__(self, unseal: Unseal | None) -> None:
        self._unseal = unseal
        self._keys: dict[bytes, bytes] = {}

    def admit(self, wrapped: bytes) -> None:
        """`WrongKey` unless bytes under this data key can be read."""
        if wrapped not in self._keys:
            self._keys[wrapped] = _require(self._unseal)(wrapped)

    def plain(self, wrapped: bytes, start: int) -> Callable[[bytes], bytes]:
        """What turns sealed bytes from byte `start` of a payload on into plain ones, chunk
        after chunk. `WrongKey`."""
        self.admit(wrapped)
        cipher = _cipher(self._keys[wrapped], start // AES_BLOCK)
        cipher.update(bytes(start % AES_BLOCK))
        return partial(_updated, cipher)


def _require(unseal: Unseal | None) -> Unseal:
    if unseal is None:
        raise WrongKey("These bytes are encrypted, and no key was given.")
    return unseal


def _updated(cipher: CipherContext, chunk: bytes) -> bytes:
    return cipher.update(chunk)


def _cipher(key: bytes, block: int = 0) -> CipherContext:
    """The key stream from a block of the payload on. Its encryption is its decryption."""
    # Comes with the server: a store without one neither has nor needs it.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    counter = block.to_bytes(AES_BLOCK, "big")
    return Cipher(algorithms.AES256(key), modes.CTR(counter)).encryptor()
