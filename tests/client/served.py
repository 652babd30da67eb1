"""A client of a whole server of our own, for the tests that need one."""

from __future__ import annotations

from holdall import Client, connect
from holdall.client.opening import Options
from tests.server.whole import Whole


def connected(
    whole: Whole,
    *,
    access_key: str | None = None,
    secret_key: str | None = None,
    org: str | None = None,
) -> Client:
    """As the server's administrator, or with other keys."""
    options: Options = {
        "owner": "admin",
        "org": org,
        "access_key": access_key or whole.profile.access_key,
        "secret_key": secret_key or whole.profile.secret_key,
    }
    return connect(whole.endpoint, **options)


async def emptied(client: Client) -> Client:
    """The client, when there is no bucket any more and no lasting credentials."""
    for bucket in [bucket async for bucket in client.buckets.list()]:
        await client.buckets.rm(bucket.id, force=True)
    async for credentials in client.buckets.persistent_credentials_list():
        await client.buckets.persistent_credentials_rm(credentials.id)
    return client
