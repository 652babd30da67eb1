"""What lives as long as the server and is shared by all requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from holdall.engine.engine import Engine
from holdall.server.accounts import Accounts
from holdall.server.data_keys import WrappingKey
from holdall.server.identities import account_number
from holdall.server.turn import Turn


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class State:
    """`domains` are those below which a host names a bucket; `now` is the clock.

    `server_key` protects what is encrypted without a customer's key.
    """

    engine: Engine
    accounts: Accounts
    region: str = "us-east-1"
    domains: tuple[str, ...] = ()
    host_id: str = "holdall"
    allow_sigv2: bool = False
    now: Callable[[], datetime] = now
    server_key: WrappingKey | None = None
    turn: Turn = field(default_factory=Turn)

    @property
    def webhooks(self) -> frozenset[str]:
        """The names of those that notifications may be sent to."""
        return frozenset()

    def account_of(self, user: str) -> str:
        """The twelve digits by which ARNs and `x-amz-expected-bucket-owner` name a user."""
        return account_number(user)

    def engine_of(self, user: str) -> Engine:
        """The same store, acting in the name of a user."""
        return self.engine.of(user, self.server_key.unseal if self.server_key else None)
