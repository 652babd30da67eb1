"""Credentials of a provider that end while they are used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holdall.backends.remote.granting import S3Grant
from holdall.backends.remote.renewing import Renewal, RenewingClient
from holdall.core.errors import HoldallError, PermissionDenied, StoreError
from holdall.s3.signing import Credentials
from holdall.testing.server import Running

NOW = datetime.now(UTC)


class Server:
    """Hands out alice's key for an hour each time, unless it is down."""

    def __init__(self, running: Running) -> None:
        alice = running.alice
        self.now = NOW
        self.asked = 0
        self.is_down = False
        self.grant = S3Grant(
            "box",
            running.endpoint,
            "us-east-1",
            NOW + timedelta(hours=1),
            Credentials(alice.access_key, alice.secret_key),
        )

    async def ask(self) -> S3Grant:
        self.asked += 1
        if self.is_down:
            raise StoreError("nobody there")
        return replace(self.grant, until=self.now + timedelta(hours=1))

    def client(self, grant: S3Grant | None = None) -> RenewingClient:
        return RenewingClient(Renewal(grant or self.grant, self.ask, now=lambda: self.now))


@pytest.fixture
def server(holdall_server: Running) -> Server:
    return Server(holdall_server)


async def test_others_are_asked_for_before_they_end(server: Server) -> None:
    wrong = replace(server.grant, credentials=Credentials("AKNOBODY", "nothing"))
    async with server.client(wrong) as client:
        with pytest.raises(PermissionDenied):
            await client.head_bucket("box")
        assert server.asked == 0, "they are good for long"
        server.now += timedelta(minutes=56)
        with pytest.raises(HoldallError) as caught:
            await client.head_bucket("box")
        assert (caught.value.status, server.asked) == (404, 1)
        with pytest.raises(HoldallError):
            await client.get("box", "k")
        assert server.asked == 1


async def test_a_server_that_is_down_is_no_matter_while_they_are_good(server: Server) -> None:
    server.is_down = True
    async with server.client() as client:
        server.now += timedelta(minutes=58)
        with pytest.raises(HoldallError) as caught:
            await client.head_bucket("box")
        assert caught.value.status == 404
        server.now += timedelta(minutes=3)
        with pytest.raises(StoreError, match="nobody there"):
            await client.head_bucket("box")


def test_a_grant_shows_no_secret(server: Server) -> None:
    assert server.grant.credentials.secret_key not in repr(server.grant)
