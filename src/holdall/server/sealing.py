"""Sealing: secrets that are kept or handed out so that only this server can read them.

AES-256-GCM with keys derived from the server's master key, one for each purpose.
"""

from __future__ import annotations

import secrets
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


class Sealer:
    """Seals for one purpose: what was sealed for another one does not open."""

    def __init__(self, master: bytes, purpose: str) -> None:
        """`master` has `KEY_BYTES` random bytes. `ValueError` when it has others."""
        if len(master) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, this one {len(master)}")
        self._cipher = AESGCM(derived(master, purpose))

    def seal(self, plain: bytes, about: str = "") -> bytes:
        """Sealed bytes, different each time. `about` is not kept: who opens must say the same."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def unseal(self, sealed: bytes, about: str = "") -> bytes:
        """What was sealed. `Broken`."""
        if not sealed.startswith(_VERSION) or len(sealed) < 1 + _NONCE + _TAG:
            raise Broken("these bytes were never sealed")
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, rest, about.encode())
        except InvalidTag:
            raise Broken("these bytes were sealed elsewhere, or changed") from None


def derived(master: bytes, purpose: str) -> bytes:
    """A key of its own for a purpose (RFC 5869)."""
    kdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"holdall {purpose}".encode())
    return kdf.derive(master)
