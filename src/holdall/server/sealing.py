"""Sealing: secrets that are kept or handed out so that only this server can read them.

AES-256-GCM with keys derived from the server's master keys, one for each purpose.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE: Final = 12
_TAG: Final = 16


class Broken(ValueError):
    """What was to be unsealed is not what was sealed here, for this purpose, with this key."""


Master = bytes | Callable[[], Sequence[bytes]]
"""A master key, or what gives those of this moment: the first seals, all of them open."""


class Sealer:
    """Seals for one purpose: what was sealed for another one does not open."""

    def __init__(self, master: Master, purpose: str) -> None:
        """A master key has `KEY_BYTES` random bytes. `ValueError` when one has others."""
        self._keys = (lambda: (master,)) if isinstance(master, bytes) else master
        self._purpose = purpose
        self._ciphers: dict[bytes, AESGCM] = {}
        self._current()

    def seal(self, plain: bytes, about: str = "") -> bytes:
        """Sealed bytes, different each time. `about` is not kept: who opens must say the same."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._current()[0].encrypt(nonce, plain, about.encode())

    def unseal(self, sealed: bytes, about: str = "") -> bytes:
        """What was sealed. `Broken`."""
        return self._opened(sealed, about)[0]

    def renewed(self, sealed: bytes, about: str = "") -> bytes | None:
        """The same, sealed with the newest key; None for what is already. `Broken`."""
        plain, place = self._opened(sealed, about)
        return self.seal(plain, about) if place else None

    def _opened(self, sealed: bytes, about: str) -> tuple[bytes, int]:
        """What was sealed, and with which of the keys."""
        if not sealed.startswith(_VERSION) or len(sealed) < 1 + _NONCE + _TAG:
            raise Broken("these bytes were never sealed")
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        for place, cipher in enumerate(self._current()):
            with suppress(InvalidTag):
                return cipher.decrypt(nonce, rest, about.encode()), place
        raise Broken("these bytes were sealed elsewhere, or changed")

    def _current(self) -> list[AESGCM]:
        return [self._ciphers.get(key) or self._cipher(key) for key in self._keys()]

    def _cipher(self, key: bytes) -> AESGCM:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, this one {len(key)}")
        made = self._ciphers[key] = AESGCM(derived(key, self._purpose))
        return made


def derived(master: bytes, purpose: str) -> bytes:
    """A key of its own for a purpose (RFC 5869)."""
    kdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"holdall {purpose}".encode())
    return kdf.derive(master)
