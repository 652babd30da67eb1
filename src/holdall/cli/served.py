"""Commands that use the client on a server: the one of a profile, as `holdall.cli.profiles`
finds it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from holdall.cli.clusters import beside, config_path
from holdall.cli.output import Output
from holdall.cli.profiles import Profile, find
from holdall.cli.running import run_without_store
from holdall.client import config
from holdall.client.client import Client
from holdall.client.opening import cluster_at

Work = Callable[[Client, Profile, Output], Coroutine[Any, Any, None]]


def run_served(work: Work, *, profile: str | None, store: str, json: bool) -> NoReturn:
    """Do `work` with a client of the profile's server; always leaves by `typer.Exit`."""

    async def opened(output: Output) -> None:
        found = find(profile, store)
        async with client_of(found) as client:
            await work(client, found, output)

    run_without_store(opened, json=json)


def client_of(profile: Profile) -> Client:
    """A client whose current cluster is the server of a profile."""
    current = cluster_at(
        profile.endpoint,
        access_key=profile.access_key,
        secret_key=profile.secret_key,
        session_token=profile.session_token,
        region=profile.region,
    )
    return beside(current, config.load(config_path()))
