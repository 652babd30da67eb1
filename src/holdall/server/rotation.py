"""Master keys are replaced in three steps, each of which may be cut short and done again.

A new key joins the old one in the file and seals from then on; what the old one sealed is sealed
anew; once nothing can need it, the old one is dropped. What is sealed can be opened throughout.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from holdall.engine import resealing
from holdall.engine.engine import Engine
from holdall.server import data_keys, stored_keys
from holdall.server.imports import SETTING, Vault
from holdall.server.master_keys import MasterKey, MasterKeys
from holdall.server.sealing import Broken, Sealer
from holdall.server.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many secrets were sealed anew, by what they open."""

    objects: int = 0
    access_keys: int = 0
    imports: int = 0
    webhooks: int = 0


class Rotation:
    """The master keys of a store, and all that is sealed with them."""

    def __init__(self, engine: Engine, keys: MasterKeys, webhooks: Webhooks, vault: Vault) -> None:
        self._engine = engine
        self.keys = keys
        self._webhooks = webhooks
        self._vault = vault

    async def rotate(self, now: datetime) -> tuple[MasterKey, Resealed]:
        """Make a key and seal everything with it. `Conflict` while an older one is there.

        When that is cut short, `drop` goes on with it.
        """
        made = self.keys.add(now)
        return made, await self.reseal()

    async def drop(self, id: str, now: datetime) -> Resealed:
        """Seal anew whatever an older key still seals, and forget the one of that id.

        `NotFound`; `Conflict` for the newest, and for 48 hours after that was made.
        """
        self.keys.require_droppable(id, now)
        found = await self.reseal()
        self.keys.drop(id)
        return found

    async def reseal(self) -> Resealed:
        """Seal with the newest key what an older one sealed."""
        return Resealed(
            objects=await resealing.reseal_data_keys(self._engine, self._data_key()),
            access_keys=await resealing.reseal_access_keys(self._engine, self._access_key()),
            imports=await resealing.reseal_documents(self._engine, SETTING, self._document),
            webhooks=self._webhooks.reseal(),
        )

    def _data_key(self) -> resealing.Renew[int]:
        sealer = Sealer(self.keys, data_keys.PURPOSE)

        def renew(id: int, sealed: bytes) -> bytes | None:
            with suppress(Broken):  # sealed with a customer's key, which is not ours to replace
                return sealer.renewed(sealed)
            return None

        return renew

    def _access_key(self) -> resealing.Renew[str]:
        sealer = Sealer(self.keys, stored_keys.PURPOSE)

        def renew(id: str, sealed: bytes) -> bytes | None:
            with suppress(Broken):  # sealed with a key that is gone: nobody opens it any more
                return sealer.renewed(sealed, id)
            return None

        return renew

    def _document(self, text: str) -> str | None:
        with suppress(Broken):
            return self._vault.renewed(text)
        return None
