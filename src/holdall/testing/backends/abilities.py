"""What a backend cannot do it refuses before anything happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import HoldallError, NotSupported
from holdall.core.values import CopyOptions, Precondition, PutOptions, Usage, Versioning
from holdall.testing.backends.box import SMALL, BoxTests

Call = Callable[[Backend], Awaitable[object]]
ONLY_NEW = Precondition(if_none_match="*")
NOW = datetime.now(UTC)

CALLS: dict[str, Call] = {
    "versions": lambda box: box.create_bucket("kept", versioning=Versioning.ENABLED),
    "suspension": lambda box: box.set_versioning("box", Versioning.SUSPENDED),
    "amendable": lambda box: box.delete("box", "k", revision="an-id"),
    "numbered": lambda box: box.put(
        "box", "k", SMALL, options=PutOptions(precondition=Precondition(expect=0))
    ),
    "time_travel": lambda box: box.list("box", at=NOW),
    "conditional_put": lambda box: box.put(
        "box", "k", SMALL, options=PutOptions(precondition=ONLY_NEW)
    ),
    "conditional_copy": lambda box: box.copy(
        "flat", "k", "box", "k", options=CopyOptions(precondition=ONLY_NEW)
    ),
    "conditional_delete": lambda box: box.delete(
        "box", "k", precondition=Precondition(if_match="*")
    ),
    "atomic_move": lambda box: box.move("box", "k", "box", "other"),
    "uploads": lambda box: box.start_upload("box", "k"),
    "public_access": lambda box: box.set_public_access("box", True),
    "signed_urls": lambda box: box.sign_url("box", "k"),
    "credentials": lambda box: box.temporary_credentials("box"),
    "bucket_ids": lambda box: box.create_bucket(None, versioning=Versioning.OFF),
}


class AbilityTests(BoxTests):
    @pytest.mark.parametrize("ability", CALLS)
    async def test_what_it_cannot_do_is_refused(self, box: Backend, ability: str) -> None:
        if getattr(box.capabilities, ability):
            return  # the rest of the exam shows that it can
        with pytest.raises(NotSupported):
            await CALLS[ability](box)
        assert await box.usage("box") == Usage()

    async def test_closing_twice_is_harmless(self, box: Backend) -> None:
        await box.aclose()
        await box.aclose()
        with pytest.raises(HoldallError):
            await box.put("box", "k", SMALL)
