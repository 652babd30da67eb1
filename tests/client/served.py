"""A client of a whole server of our own, for the tests that need one."""

from __future__ import annotations

from holdall import Client, connect
from tests.server.whole import Whole


def connected(whole: Whole, **options: str) -> Client:
    """As the server's administrator, or with other keys."""
    keys = {"access_key": whole.profile.access_key, "secret_key": whole.profile.secret_key}
    return connect(whole.endpoint, owner="admin", **{**keys, **options})  # type: ignore[misc]


async def emptied(client: Client) -> Client:
    for bucket in [bucket async for bucket in client.buckets.list()]:
        await client.buckets.rm(bucket.id, force=True)
    async for credentials in client.buckets.persistent_credentials_list():
        await client.buckets.persistent_credentials_rm(credentials.id)
    return client
